-- A journal as version 2 of its schema wrote it: a round trip that is over, and a short position of MSFT that is not.
PRAGMA application_id = 1112298324;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE alerts (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, code TEXT NOT NULL, severity TEXT NOT NULL, "text" TEXT NOT NULL,
        symbol TEXT NOT NULL) STRICT;
INSERT INTO "alerts" VALUES(22,1,6,3000,'journal_restored','warning','an alert','');
CREATE TABLE cash (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), cash_usd TEXT NOT NULL) STRICT;
INSERT INTO "cash" VALUES(1,'110197.00');
CREATE TABLE cash_adjustments (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, amount_usd TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE commands (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, symbol TEXT, session TEXT, reason TEXT,
        holder TEXT, detail TEXT) STRICT;
CREATE TABLE data_ages (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, is_stale INTEGER NOT NULL, age_secs REAL NOT NULL) STRICT;
CREATE TABLE decisions (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, decision_id TEXT NOT NULL, symbol TEXT NOT NULL, strategy TEXT NOT NULL,
        signal INTEGER NOT NULL, close TEXT NOT NULL, action TEXT NOT NULL, quantity INTEGER NOT NULL,
        reason TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
INSERT INTO "decisions" VALUES(2,1,5,1001,'AAPL.NASDAQ-000001','AAPL.NASDAQ','rule',1,'100','entered',100,'signal','');
INSERT INTO "decisions" VALUES(16,1,5,2001,'MSFT.NASDAQ-000002','MSFT.NASDAQ','rule',-1,'100','entered',100,'signal','');
CREATE TABLE equity (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, session TEXT, equity_usd TEXT NOT NULL, cash_usd TEXT NOT NULL,
        gross_exposure_usd TEXT NOT NULL) STRICT;
CREATE TABLE failures (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, component TEXT NOT NULL, handler TEXT NOT NULL, error TEXT NOT NULL,
        place TEXT NOT NULL, trace TEXT NOT NULL) STRICT;
CREATE TABLE fills (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, strategy TEXT NOT NULL, decision_id TEXT NOT NULL,
        client_order_id TEXT NOT NULL, trade_id TEXT NOT NULL, role TEXT NOT NULL, side INTEGER NOT NULL,
        quantity INTEGER NOT NULL, price TEXT NOT NULL, commission_usd TEXT NOT NULL, position_after INTEGER NOT NULL,
        exit_reason TEXT, last_close TEXT NOT NULL, UNIQUE (client_order_id, trade_id)) STRICT;
INSERT INTO "fills" VALUES(6,1,5,1005,'AAPL.NASDAQ','rule','AAPL.NASDAQ-000001','O-AAPL.NASDAQ-000001-entry','T-1005','entry',1,100,'100','1.00',100,NULL,'100');
INSERT INTO "fills" VALUES(14,1,5,1013,'AAPL.NASDAQ','rule','AAPL.NASDAQ-000001','O-AAPL.NASDAQ-000001-exit','T-1013','exit',-1,100,'102','1.00',0,'signal','100');
INSERT INTO "fills" VALUES(19,1,5,2004,'MSFT.NASDAQ','rule','MSFT.NASDAQ-000002','O-MSFT.NASDAQ-000002-entry','T-2004','entry',-1,100,'100','1.00',-100,NULL,'100');
CREATE TABLE latches (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
        cleared_ns INTEGER) STRICT;
CREATE TABLE links (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE loss_baselines (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, session TEXT NOT NULL, baseline_usd TEXT NOT NULL) STRICT;
INSERT INTO "loss_baselines" VALUES(1,1,1,1,'2024-10-07','100000');
CREATE TABLE loss_limit_hits (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, session TEXT NOT NULL, day_pnl_usd TEXT NOT NULL, limit_usd TEXT NOT NULL,
        baseline_usd TEXT NOT NULL) STRICT;
CREATE TABLE operator_commands (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, kind TEXT NOT NULL, symbol TEXT NOT NULL, reason TEXT NOT NULL,
        given_by TEXT NOT NULL, taken_ns INTEGER, answered_ns INTEGER, exit_code INTEGER, answer TEXT) STRICT;
CREATE TABLE order_states (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, client_order_id TEXT NOT NULL, broker_order_id TEXT NOT NULL,
        status TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
INSERT INTO "order_states" VALUES(5,1,5,1004,'AAPL.NASDAQ','O-AAPL.NASDAQ-000001-entry','V-1','submitted','');
INSERT INTO "order_states" VALUES(11,1,5,1010,'AAPL.NASDAQ','O-AAPL.NASDAQ-000001-stop','V-1','canceled','');
CREATE TABLE orders (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, strategy TEXT NOT NULL, decision_id TEXT NOT NULL,
        client_order_id TEXT NOT NULL, role TEXT NOT NULL, side INTEGER NOT NULL, quantity INTEGER NOT NULL,
        "trigger" TEXT) STRICT;
INSERT INTO "orders" VALUES(3,1,5,1002,'AAPL.NASDAQ','rule','AAPL.NASDAQ-000001','O-AAPL.NASDAQ-000001-entry','entry',1,100,NULL);
INSERT INTO "orders" VALUES(4,1,5,1003,'AAPL.NASDAQ','rule','AAPL.NASDAQ-000001','O-AAPL.NASDAQ-000001-stop','stop',-1,100,'95');
INSERT INTO "orders" VALUES(13,1,5,1012,'AAPL.NASDAQ','rule','AAPL.NASDAQ-000001','O-AAPL.NASDAQ-000001-exit','exit',-1,100,NULL);
INSERT INTO "orders" VALUES(17,1,5,2002,'MSFT.NASDAQ','rule','MSFT.NASDAQ-000002','O-MSFT.NASDAQ-000002-entry','entry',-1,100,NULL);
INSERT INTO "orders" VALUES(18,1,5,2003,'MSFT.NASDAQ','rule','MSFT.NASDAQ-000002','O-MSFT.NASDAQ-000002-stop','stop',1,100,'105');
CREATE TABLE positions (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, quantity INTEGER NOT NULL, entry_open INTEGER NOT NULL,
        stop_quantity INTEGER NOT NULL, stop_trigger TEXT, average_price TEXT, is_exiting INTEGER NOT NULL,
        is_resizing INTEGER NOT NULL, decision_id TEXT NOT NULL, strategy TEXT NOT NULL, exit_reason TEXT) STRICT;
INSERT INTO "positions" VALUES(8,1,5,1007,'AAPL.NASDAQ',100,0,100,'95','100',0,0,'AAPL.NASDAQ-000001','rule',NULL);
INSERT INTO "positions" VALUES(10,1,5,1009,'AAPL.NASDAQ',100,0,100,'95','100',1,0,'AAPL.NASDAQ-000001','rule','signal');
INSERT INTO "positions" VALUES(15,1,5,1014,'AAPL.NASDAQ',0,0,0,NULL,NULL,0,0,'AAPL.NASDAQ-000001','',NULL);
INSERT INTO "positions" VALUES(21,1,5,2006,'MSFT.NASDAQ',-100,0,100,'105','100',0,0,'MSFT.NASDAQ-000002','rule',NULL);
CREATE TABLE sequence (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO "sequence" VALUES(1,22);
CREATE TABLE sessions (run_id INTEGER PRIMARY KEY, started_ns INTEGER NOT NULL, mode TEXT NOT NULL, account TEXT NOT NULL,
        engine TEXT NOT NULL, config_sha256 TEXT NOT NULL, starting_cash_usd TEXT NOT NULL, ended_ns INTEGER,
        exit_code INTEGER, reason TEXT) STRICT;
INSERT INTO "sessions" VALUES(1,1,'paper','DU1234567','nautilus_trader 2','c0ffee','100000.00',4000,0,'asked to stop');
CREATE TABLE snapshot (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), run_id INTEGER NOT NULL,
        wall_ns INTEGER NOT NULL, "text" TEXT NOT NULL) STRICT;
CREATE TABLE stops (seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, wall_ns INTEGER NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, client_order_id TEXT NOT NULL, "trigger" TEXT,
        quantity INTEGER NOT NULL, is_raise INTEGER NOT NULL) STRICT;
INSERT INTO "stops" VALUES(7,1,5,1006,'AAPL.NASDAQ','O-AAPL.NASDAQ-000001-stop','95',100,0);
INSERT INTO "stops" VALUES(9,1,5,1008,'AAPL.NASDAQ','O-AAPL.NASDAQ-000001-stop','97',100,1);
INSERT INTO "stops" VALUES(12,1,5,1011,'AAPL.NASDAQ','O-AAPL.NASDAQ-000001-stop',NULL,0,0);
INSERT INTO "stops" VALUES(20,1,5,2005,'MSFT.NASDAQ','O-MSFT.NASDAQ-000002-stop','105',100,0);
CREATE INDEX decisions_by_symbol ON decisions (symbol);
CREATE INDEX orders_by_symbol_seq ON orders (symbol, seq);
CREATE INDEX orders_by_decision_id ON orders (decision_id);
CREATE INDEX orders_by_client_order_id ON orders (client_order_id);
CREATE INDEX order_states_by_client_order_id ON order_states (client_order_id);
CREATE INDEX fills_by_decision_id ON fills (decision_id);
CREATE INDEX positions_by_decision_id ON positions (decision_id);
CREATE INDEX stops_by_client_order_id ON stops (client_order_id);
COMMIT;
