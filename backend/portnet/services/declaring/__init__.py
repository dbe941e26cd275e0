"""The use cases of declaring goods: the tariff, papers, drafts."""
