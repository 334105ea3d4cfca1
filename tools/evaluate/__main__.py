from tools.evaluate.cli import main

main(prog_name="python -m tools.evaluate")
