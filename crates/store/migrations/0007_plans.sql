-- What SQLite's planner believes of the sizes of things. It does not count by itself, takes every condition on an index to
-- leave some ten rows, and would so go through all of a project to find two hundred of its objects by their ids. These
-- numbers are an institute's: projects of 50,000 objects, folders of 200. For each index: the rows of its table, then how
-- many are left by equality with its first column, its first two, and so on; the index that a table WITHOUT ROWID is has
-- the table's name. They are never counted anew, so plans do not change with the data, and tests hold them. States that
-- queries look for are rare, whatever is common.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('object', 'sqlite_autoindex_object_1', '1000000 1'),
  ('object', 'object_closing', '10000 2 1'),
  ('object', 'object_not_closed', '50000 1000 1'),
  ('object_type', 'object_type', '1000000 10000 1'),
  ('object_type', 'object_type_object', '1000000 2'),
  ('object_link', 'object_link', '1000000 10 1'),
  ('object_link', 'object_link_object', '1000000 10'),
  ('folder', 'sqlite_autoindex_folder_1', '100000 1000 1'),
  ('folder', 'folder_parent', '100000 20 1'),
  ('placement', 'sqlite_autoindex_placement_1', '1000000 2 1'),
  ('placement', 'placement_modified', '1000000 50000 40000 2 1'),
  ('placement', 'placement_class', '1000000 50000 25000 20000 2 1'),
  ('placement', 'placement_created', '1000000 50000 2 1'),
  ('placement', 'placement_name', '1000000 50000 2 1'),
  ('placement', 'placement_named', '1000000 10 2'),
  ('placement', 'placement_folder', '1000000 200 150 2 1'),
  ('placement_tag', 'placement_tag', '1000000 10000 1000 1'),
  ('placement_tag', 'placement_tag_placement', '1000000 3'),
  ('placement_property', 'placement_property', '1000000 100000 200 20 1'),
  ('placement_property', 'placement_property_name', '1000000 100000 5000 1'),
  ('placement_property', 'placement_property_placement', '1000000 3 1'),
  ('placement_source', 'placement_source_placement', '1000000 2');
-- Read them back in.
ANALYZE sqlite_schema;
