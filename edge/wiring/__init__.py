"""The composition roots: a unit's folder and its configuration made into objects.

Only these files know which adapter stands for which port. `unit` makes what both processes need; the others add
what one command, page or daemon needs beyond it.
"""
