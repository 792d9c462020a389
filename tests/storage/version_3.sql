-- What calco 0.1 with schema 3 wrote: as schema 2's, and who asked for what runs, and that a step of it is done.
-- Never edited: it is what lies on people's machines.
PRAGMA application_id = 1667329123;
BEGIN TRANSACTION;
CREATE TABLE claims (
	resource TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	sole BOOLEAN NOT NULL, 
	PRIMARY KEY (resource, operation), 
	FOREIGN KEY(operation) REFERENCES operations (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "claims" VALUES('/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/images/golden','aaaaaaaa-0000-4000-8000-000000000002',1);
CREATE TABLE entries (ordinal INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, subject TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE events (ordinal INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, resource TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE holds (
	holder TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	volume TEXT NOT NULL, 
	PRIMARY KEY (holder, slot), 
	FOREIGN KEY(holder) REFERENCES resources ("key") DEFERRABLE INITIALLY DEFERRED, 
	FOREIGN KEY(volume) REFERENCES volumes (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "holds" VALUES('/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/disks/web1','disk','22222222-aaaa-4aaa-8aaa-222222222222');
INSERT INTO "holds" VALUES('/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/disks/web1','os','11111111-aaaa-4aaa-8aaa-111111111111');
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('version','3');
INSERT INTO "meta" VALUES('data_directory','0d0d0d0d-0d0d-4d0d-8d0d-0d0d0d0d0d0d');
CREATE TABLE notes (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "notes" VALUES('word','kept');
CREATE TABLE operations (
	sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	params TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	family TEXT NOT NULL, 
	location TEXT NOT NULL, 
	started_at TEXT NOT NULL, 
	status TEXT NOT NULL, 
	progress TEXT NOT NULL, 
	ended_at TEXT, 
	failure TEXT, 
	output TEXT, caller TEXT, action TEXT NOT NULL DEFAULT '', correlation TEXT NOT NULL DEFAULT '', parent TEXT, 
	UNIQUE (id)
);
INSERT INTO "operations" VALUES(1,'aaaaaaaa-0000-4000-8000-000000000001','disk.create','{"id":"/subscriptions/s/resourceGroups/Rg/providers/Microsoft.Compute/disks/web1"}','/subscriptions/s/resourceGroups/Rg/providers/Microsoft.Compute/disks/web1','Microsoft.Compute/DiskOperations','eastus','2026-11-22T12:00:00.000000+00:00','Failed','{}','2026-11-22T12:00:01.000000+00:00','{"code":"OperationNotAllowed","message":"Not now.","target":"disk"}',NULL,NULL,'','',NULL);
INSERT INTO "operations" VALUES(2,'aaaaaaaa-0000-4000-8000-000000000002','image.delete','{"id":"/subscriptions/s/resourceGroups/Rg/providers/Microsoft.Compute/images/golden"}','/subscriptions/s/resourceGroups/Rg/providers/Microsoft.Compute/images/golden','Microsoft.Compute/operations','eastus','2026-11-22T12:00:02.000000+00:00','InProgress','{}',NULL,NULL,NULL,'{"object_id":"object","client_id":"client","tenant_id":"tenant","name":""}','Microsoft.Compute/images/delete','chain',NULL);
CREATE TABLE places (
	queue TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	PRIMARY KEY (queue, operation), 
	FOREIGN KEY(operation) REFERENCES operations (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "places" VALUES('boot','aaaaaaaa-0000-4000-8000-000000000002');
CREATE TABLE resources (
	ordinal INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" TEXT NOT NULL, 
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	group_key TEXT NOT NULL, 
	location TEXT NOT NULL, 
	properties TEXT NOT NULL, 
	tags TEXT, 
	internal TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	UNIQUE ("key")
);
INSERT INTO "resources" VALUES(1,'/subscriptions/s/resourcegroups/rg','/subscriptions/s/resourceGroups/Rg','microsoft.resources/resourcegroups','/subscriptions/s/resourcegroups/rg','eastus','{"provisioningState":"Succeeded"}','{"env":"test"}','{}','{}');
INSERT INTO "resources" VALUES(2,'/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/disks/web1','/subscriptions/s/resourceGroups/Rg/providers/Microsoft.Compute/disks/web1','microsoft.compute/disks','/subscriptions/s/resourcegroups/rg','eastus','{"diskSizeGB":1}',NULL,'{}','{"sku":{"name":"Premium_LRS"}}');
CREATE TABLE steps (
	ordinal INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	operation TEXT NOT NULL, 
	step TEXT NOT NULL, 
	event TEXT NOT NULL, 
	FOREIGN KEY(operation) REFERENCES operations (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "steps" VALUES(1,'aaaaaaaa-0000-4000-8000-000000000002','forget','started');
INSERT INTO "steps" VALUES(2,'aaaaaaaa-0000-4000-8000-000000000002','forget','done');
CREATE TABLE volumes (
	ordinal INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	backing TEXT, 
	frozen BOOLEAN NOT NULL, 
	format TEXT DEFAULT 'qcow2' NOT NULL, 
	pool TEXT DEFAULT '' NOT NULL, 
	UNIQUE (id), 
	FOREIGN KEY(backing) REFERENCES volumes (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "volumes" VALUES(1,'11111111-aaaa-4aaa-8aaa-111111111111',1073741824,NULL,1,'qcow2','');
INSERT INTO "volumes" VALUES(2,'22222222-aaaa-4aaa-8aaa-222222222222',1073741824,NULL,0,'flat','eastus-1');
CREATE INDEX resources_by_group ON resources (group_key);
CREATE INDEX resources_by_kind ON resources (kind, group_key);
CREATE INDEX ix_volumes_backing ON volumes (backing);
CREATE INDEX operations_by_end ON operations (ended_at);
CREATE INDEX ix_holds_volume ON holds (volume);
CREATE INDEX ix_steps_operation ON steps (operation);
CREATE INDEX ix_claims_operation ON claims (operation);
CREATE INDEX ix_places_operation ON places (operation);
CREATE INDEX operations_by_start ON operations (started_at);
CREATE INDEX operations_by_parent ON operations (parent);
CREATE INDEX entries_by_kind ON entries (kind, subject);
CREATE INDEX entries_by_scope ON entries (scope);
CREATE INDEX events_by_time ON events (at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('resources',2);
INSERT INTO "sqlite_sequence" VALUES('volumes',2);
INSERT INTO "sqlite_sequence" VALUES('operations',2);
INSERT INTO "sqlite_sequence" VALUES('steps',2);
COMMIT;
