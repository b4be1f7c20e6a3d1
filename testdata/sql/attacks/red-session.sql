-- The session's own state.

--- red-read-write-by-default
-- The transaction stays read-only: its default is not the upstream's.
--: empty
BEGIN
--;
SET transaction_read_only TO DEFAULT
--;
SELECT 1 WHERE current_setting('transaction_read_only') = 'off'

--- red-read-write-by-reset
-- The same by RESET.
--: empty
BEGIN
--;
RESET transaction_read_only
--;
SELECT 1 WHERE current_setting('transaction_read_only') = 'off'

--- red-read-write-by-reset-all
-- The same by RESET ALL.
--: empty
BEGIN
--;
RESET ALL
--;
SELECT 1 WHERE current_setting('transaction_read_only') = 'off'

--- red-read-write-by-characteristics
-- The same for the transactions to come.
--: refused 25006
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE

--- red-read-write-by-chain
-- The same for a transaction that follows another.
--: empty
BEGIN
--;
COMMIT AND CHAIN
--;
SELECT 1 WHERE current_setting('transaction_read_only') = 'off'
