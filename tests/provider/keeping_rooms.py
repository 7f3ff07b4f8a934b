"""A hub that keeps accepting commits in a room, and prints each epoch once it is kept; for somebody to kill."""

import sys
from dataclasses import replace

from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from tests.room.house import ROOM, House


def main(path: str) -> None:
    storage = SQLiteStorage(path)
    house = House.of({"alice": 4, "bob": 2}, "alice1", "bob1")
    with storage.transaction() as transaction:
        transaction.found_room(Room(house.state))
    while True:
        house.commit("alice1")
        with storage.transaction() as transaction:
            transaction.record_room(replace(transaction.room(ROOM), state=house.state))
        sys.stdout.write(f"{house.state.group.context.epoch}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
