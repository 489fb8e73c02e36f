-- Nobody has watched the clock so far: what age destroys waits, as after a long stop.
INSERT OR IGNORE INTO `settings` (`name`, `value`) SELECT 'clock', '{"since":0,"last":0}' WHERE EXISTS (SELECT 1 FROM `accounts`);
