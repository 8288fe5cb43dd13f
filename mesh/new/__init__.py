"""Creates a new service in a checkout: `python -m mesh new reviews`.

The mesh kit knows no product, so it contains no template. The templates belong to the product, in its folder
`templates/service/`, because they contain what only the product knows: the prefix of its contracts, its tables, its
compose file, its gateway. This package knows how to fill them in: it derives names and numbers, copies the checkout to
a temporary folder, writes the files there, runs the product's generators, and copies the results back. Whatever fails
before that leaves the checkout unchanged.
"""
