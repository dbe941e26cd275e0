"""Papers and the tariff over a database of the tests."""
