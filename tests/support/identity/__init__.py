"""Second factors as tests hold them."""
