"""Who takes part in rooms: the draft's example (PROTO 3), the target as the hub and as a follower. Plain pytest.

`clubhouse` is the room of the example with everybody in it. What single endpoints answer is in suites/transport.
"""
