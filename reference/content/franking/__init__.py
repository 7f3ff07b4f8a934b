"""Franking: what a sender commits to, the hub's stamp on it, and what a receiver or the hub can prove with it later.

Read `commitment` (sender), `stamp` (hub), `verification` (receiver); `agent` is the component that names the hub's key,
and `abuse_report` what a receiver shows the hub. Encrypting and sending are elsewhere.
"""
