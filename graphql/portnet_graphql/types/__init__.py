"""The types of the contract, each built from the domain record that it shows."""
