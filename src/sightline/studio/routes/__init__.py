"""Addresses and what they answer, as web/API.md tells the page; one file for each kind of question."""
