"""Statements of single subjects over central's database; a transaction is lent by central/store.py."""
