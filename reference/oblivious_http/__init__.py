"""Oblivious HTTP: binary messages (RFC 9292), and their encapsulation for a gateway (RFC 9458).

Bytes only. What a gateway serves, and to whom, is provider/oblivious_gateway.py.
"""
