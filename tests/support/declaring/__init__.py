"""Writing declarations in tests: forms, apps that fill them in, papers and the tariff."""
