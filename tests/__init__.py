"""The specification of the product, as tests."""
