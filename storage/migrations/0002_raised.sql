-- A message edited or deleted later takes along the questions it brought up, and what came of them.

ALTER TABLE inbox ADD COLUMN raised TEXT;  -- JSON list of the questions it brought up; NULL: none
