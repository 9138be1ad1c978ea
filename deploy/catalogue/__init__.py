"""What is generated from the contracts: schemas, the topic catalogue, AsyncAPI, metrics.

Run as `python -m catalogue`; `python -m catalogue --check` only says what is stale or broken.
"""
