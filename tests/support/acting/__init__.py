"""What companies do in tests: proofs, roads out, and a stage with an agency's system at the other end."""
