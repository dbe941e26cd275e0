"""The use cases of declaring goods: drafts and how they are sent off, papers, the tariff."""
