-- The session's own state.

--- red-read-write-by-default
-- The transaction stays read-only.
--: refused
BEGIN
--;
SET transaction_read_only TO DEFAULT
--;
SHOW transaction_read_only

--- red-read-write-by-reset
-- The same by RESET.
--: refused
BEGIN
--;
RESET transaction_read_only
--;
SHOW transaction_read_only
