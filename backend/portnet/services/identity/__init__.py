"""The use cases of companies, their people, and how these show who they are."""
