"""Secrets and proofs: passwords, tokens, signatures, encryption at rest. Keeps and logs nothing."""
