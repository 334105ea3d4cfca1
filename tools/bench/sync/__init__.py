"""How fast records are taken: from units to receipts, beside the bare broker and the bare database, in one run."""
