"""What docs/ says of the protocol and the code knows better: schemas and state diagrams, written from the code."""
