"""
A server that speaks the TWS protocol: for tests, and for newcomers without an account at Interactive Brokers.

It plays one session, of a catalog or made up, faster than the clock, and serves it as IB Gateway does: protobuf frames,
server version 223. Orders fill by a small rule at the prices it sends. It is not a simulation of an exchange.

    uv run python -m tests.gateway                       made-up prices, port 4002, 60 times the clock
    uv run python -m tests.gateway --catalog DIR --day 2026-07-01 --speed 10 --control 4099

In a test it runs in a thread of the process:

    with Gateway.start(speed=None) as gateway:
        ...connect to 127.0.0.1, gateway.port...
        gateway.do.step(12)                              a minute goes by
        gateway.do.reject("place", 201)                  a fault; all words: tests/gateway/commands.py
        assert not gateway.frames("CancelOrderRequest")

| Part | Question |
|---|---|
| ``market`` and its pure files | what is traded, and how do its prices go? |
| ``book`` and its pure files | what becomes of an order, and what does the account hold? |
| ``world`` | who hears of what? |
| ``feed`` | when does time go on? |
| ``codec``, ``messages``, ``requests`` | how is it said on the wire? |
| ``client`` and its desks | what does one client ask, and what is it told? |
| ``server`` | who is connected? |
| ``faults``, ``commands``, ``control`` | what goes wrong, and on whose command? |

The session lies now or later, for the adapter takes a minute bar stamped in the past for history; so its times run
ahead of the clock. Executions carry the session's time, the current time is the clock's.

"""
