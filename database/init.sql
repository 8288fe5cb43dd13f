-- The schema for MySQL 8 or later and for MariaDB, made by `python -m database sql`: never edited by hand.
-- Loads into an empty database: mysql NAME < database/init.sql; `python -m database seed` then fills the shelves.
SET NAMES utf8mb4;

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001

CREATE TABLE `Users` (
    user_id INTEGER NOT NULL AUTO_INCREMENT, 
    username VARCHAR(50) NOT NULL, 
    email VARCHAR(100) NOT NULL, 
    password_hash TEXT NOT NULL, 
    created_at DATETIME(6) NOT NULL, 
    CONSTRAINT `pk_Users` PRIMARY KEY (user_id), 
    CONSTRAINT `uq_Users_email` UNIQUE (email)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE TABLE `RefreshTokens` (
    jti VARCHAR(36) NOT NULL, 
    family VARCHAR(36) NOT NULL, 
    user_id INTEGER NOT NULL, 
    expires_at DATETIME(6) NOT NULL, 
    successor VARCHAR(36), 
    used_at DATETIME(6), 
    revoked_at DATETIME(6), 
    CONSTRAINT `pk_RefreshTokens` PRIMARY KEY (jti), 
    CONSTRAINT `fk_RefreshTokens_user_id` FOREIGN KEY(user_id) REFERENCES `Users` (user_id)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX `ix_RefreshTokens_family` ON `RefreshTokens` (family);

CREATE INDEX `ix_RefreshTokens_user_id` ON `RefreshTokens` (user_id);

CREATE INDEX `ix_RefreshTokens_expires_at` ON `RefreshTokens` (expires_at);

CREATE TABLE `Books` (
    book_id INTEGER NOT NULL AUTO_INCREMENT, 
    title VARCHAR(255) NOT NULL, 
    description TEXT NOT NULL, 
    `ISBN` VARCHAR(20) NOT NULL, 
    authors TEXT NOT NULL, 
    publishers VARCHAR(255) NOT NULL, 
    format VARCHAR(50) NOT NULL, 
    genre VARCHAR(50) NOT NULL, 
    price NUMERIC(10, 2) NOT NULL, 
    quantity INTEGER NOT NULL, 
    url TEXT NOT NULL, 
    search_text TEXT NOT NULL, 
    title_key VARCHAR(255) NOT NULL, 
    CONSTRAINT `pk_Books` PRIMARY KEY (book_id), 
    CONSTRAINT `ck_Books_quantity` CHECK (quantity >= 0), 
    CONSTRAINT `uq_Books_ISBN` UNIQUE (`ISBN`)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX `ix_Books_genre` ON `Books` (genre);

CREATE INDEX `ix_Books_price` ON `Books` (price);

CREATE INDEX `ix_Books_title_key` ON `Books` (title_key);

CREATE TABLE `Orders` (
    order_id INTEGER NOT NULL AUTO_INCREMENT, 
    book_id INTEGER NOT NULL, 
    user_id INTEGER NOT NULL, 
    price NUMERIC(10, 2) NOT NULL, 
    quantity INTEGER NOT NULL, 
    status VARCHAR(20) NOT NULL, 
    title VARCHAR(255) NOT NULL, 
    authors TEXT NOT NULL, 
    url TEXT NOT NULL, 
    order_date DATETIME(6) NOT NULL, 
    pending_key VARCHAR(64), 
    CONSTRAINT `pk_Orders` PRIMARY KEY (order_id), 
    CONSTRAINT `fk_Orders_book_id` FOREIGN KEY(book_id) REFERENCES `Books` (book_id), 
    CONSTRAINT `fk_Orders_user_id` FOREIGN KEY(user_id) REFERENCES `Users` (user_id), 
    CONSTRAINT `uq_Orders_pending_key` UNIQUE (pending_key)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX `ix_Orders_book_id` ON `Orders` (book_id);

CREATE INDEX `ix_Orders_status` ON `Orders` (status);

CREATE INDEX `ix_Orders_user_id_order_id` ON `Orders` (user_id, order_id);

CREATE TABLE `StockMovements` (
    order_id INTEGER NOT NULL, 
    book_id INTEGER NOT NULL, 
    quantity INTEGER NOT NULL, 
    outcome VARCHAR(20) NOT NULL, 
    CONSTRAINT `pk_StockMovements` PRIMARY KEY (order_id), 
    CONSTRAINT `fk_StockMovements_order_id` FOREIGN KEY(order_id) REFERENCES `Orders` (order_id)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE TABLE `Outbox` (
    event_id VARCHAR(36) NOT NULL, 
    order_id INTEGER NOT NULL, 
    payload TEXT NOT NULL, 
    request_id VARCHAR(64) NOT NULL, 
    attempts INTEGER NOT NULL, 
    lease_until DATETIME(6) NOT NULL, 
    published_at DATETIME(6), 
    dead_reason VARCHAR(255), 
    CONSTRAINT `pk_Outbox` PRIMARY KEY (event_id), 
    CONSTRAINT `fk_Outbox_order_id` FOREIGN KEY(order_id) REFERENCES `Orders` (order_id), 
    CONSTRAINT `uq_Outbox_order_id` UNIQUE (order_id)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX `ix_Outbox_published_at_lease_until` ON `Outbox` (published_at, lease_until);

CREATE TABLE `IdempotencyKeys` (
    user_id INTEGER NOT NULL, 
    `key` VARCHAR(255) NOT NULL, 
    request_sha256 VARCHAR(64) NOT NULL, 
    order_id INTEGER NOT NULL, 
    created_at DATETIME(6) NOT NULL, 
    CONSTRAINT `pk_IdempotencyKeys` PRIMARY KEY (user_id, `key`), 
    CONSTRAINT `fk_IdempotencyKeys_user_id` FOREIGN KEY(user_id) REFERENCES `Users` (user_id), 
    CONSTRAINT `fk_IdempotencyKeys_order_id` FOREIGN KEY(order_id) REFERENCES `Orders` (order_id)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX `ix_IdempotencyKeys_created_at` ON `IdempotencyKeys` (created_at);

INSERT INTO alembic_version (version_num) VALUES ('0001');

-- Running upgrade 0001 -> 0002

CREATE TABLE `LoginFailures` (
    account VARCHAR(64) NOT NULL, 
    failures INTEGER NOT NULL, 
    blocked_until DATETIME(6) NOT NULL, 
    forget_at DATETIME(6) NOT NULL, 
    CONSTRAINT `pk_LoginFailures` PRIMARY KEY (account)
)CHARSET=utf8mb4 ENGINE=InnoDB COLLATE utf8mb4_bin;

CREATE INDEX `ix_LoginFailures_forget_at` ON `LoginFailures` (forget_at);

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';

-- Running upgrade 0002 -> 0003

ALTER TABLE `Outbox` ADD COLUMN resent INTEGER NOT NULL DEFAULT '0';

CREATE INDEX `ix_Outbox_published_at_lease_until_order_id` ON `Outbox` (published_at, lease_until, order_id);

DROP INDEX `ix_Outbox_published_at_lease_until` ON `Outbox`;

UPDATE alembic_version SET version_num='0003' WHERE alembic_version.version_num = '0002';

-- Running upgrade 0003 -> 0004

ALTER TABLE `Outbox` ADD COLUMN lease_token VARCHAR(36);

UPDATE alembic_version SET version_num='0004' WHERE alembic_version.version_num = '0003';
