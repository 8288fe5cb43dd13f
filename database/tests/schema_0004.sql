-- A SQLite database that a version before the fifth migration created, with a row or two in each table.
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE "Users" (
    user_id INTEGER NOT NULL,
    username VARCHAR(50) NOT NULL,
    email VARCHAR(100) NOT NULL,
    password_hash TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT "pk_Users" PRIMARY KEY (user_id),
    CONSTRAINT "uq_Users_email" UNIQUE (email)
);
CREATE TABLE "RefreshTokens" (
    jti VARCHAR(36) NOT NULL,
    family VARCHAR(36) NOT NULL,
    user_id INTEGER NOT NULL,
    expires_at DATETIME NOT NULL,
    successor VARCHAR(36),
    used_at DATETIME,
    revoked_at DATETIME,
    CONSTRAINT "pk_RefreshTokens" PRIMARY KEY (jti),
    CONSTRAINT "fk_RefreshTokens_user_id" FOREIGN KEY(user_id) REFERENCES "Users" (user_id)
);
CREATE INDEX "ix_RefreshTokens_family" ON "RefreshTokens" (family);
CREATE INDEX "ix_RefreshTokens_user_id" ON "RefreshTokens" (user_id);
CREATE INDEX "ix_RefreshTokens_expires_at" ON "RefreshTokens" (expires_at);
CREATE TABLE "Books" (
    book_id INTEGER NOT NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT NOT NULL,
    "ISBN" VARCHAR(20) NOT NULL,
    authors TEXT NOT NULL,
    publishers VARCHAR(255) NOT NULL,
    format VARCHAR(50) NOT NULL,
    genre VARCHAR(50) NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    quantity INTEGER NOT NULL,
    url TEXT NOT NULL,
    search_text TEXT NOT NULL,
    title_key VARCHAR(255) NOT NULL,
    CONSTRAINT "pk_Books" PRIMARY KEY (book_id),
    CONSTRAINT "ck_Books_quantity" CHECK (quantity >= 0),
    CONSTRAINT "uq_Books_ISBN" UNIQUE ("ISBN")
);
CREATE INDEX "ix_Books_genre" ON "Books" (genre);
CREATE INDEX "ix_Books_price" ON "Books" (price);
CREATE INDEX "ix_Books_title_key" ON "Books" (title_key);
CREATE TABLE "Orders" (
    order_id INTEGER NOT NULL,
    book_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    quantity INTEGER NOT NULL,
    status VARCHAR(20) NOT NULL,
    title VARCHAR(255) NOT NULL,
    authors TEXT NOT NULL,
    url TEXT NOT NULL,
    order_date DATETIME NOT NULL,
    pending_key VARCHAR(64),
    CONSTRAINT "pk_Orders" PRIMARY KEY (order_id),
    CONSTRAINT "fk_Orders_book_id" FOREIGN KEY(book_id) REFERENCES "Books" (book_id),
    CONSTRAINT "fk_Orders_user_id" FOREIGN KEY(user_id) REFERENCES "Users" (user_id),
    CONSTRAINT "uq_Orders_pending_key" UNIQUE (pending_key)
);
CREATE INDEX "ix_Orders_book_id" ON "Orders" (book_id);
CREATE INDEX "ix_Orders_status" ON "Orders" (status);
CREATE INDEX "ix_Orders_user_id_order_id" ON "Orders" (user_id, order_id);
CREATE TABLE "StockMovements" (
    order_id INTEGER NOT NULL,
    book_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    outcome VARCHAR(20) NOT NULL,
    CONSTRAINT "pk_StockMovements" PRIMARY KEY (order_id),
    CONSTRAINT "fk_StockMovements_order_id" FOREIGN KEY(order_id) REFERENCES "Orders" (order_id)
);
CREATE TABLE "Outbox" (
    event_id VARCHAR(36) NOT NULL,
    order_id INTEGER NOT NULL,
    payload TEXT NOT NULL,
    request_id VARCHAR(64) NOT NULL,
    attempts INTEGER NOT NULL,
    lease_until DATETIME NOT NULL,
    published_at DATETIME,
    dead_reason VARCHAR(255), resent INTEGER DEFAULT '0' NOT NULL, lease_token VARCHAR(36),
    CONSTRAINT "pk_Outbox" PRIMARY KEY (event_id),
    CONSTRAINT "fk_Outbox_order_id" FOREIGN KEY(order_id) REFERENCES "Orders" (order_id),
    CONSTRAINT "uq_Outbox_order_id" UNIQUE (order_id)
);
CREATE TABLE "IdempotencyKeys" (
    user_id INTEGER NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    request_sha256 VARCHAR(64) NOT NULL,
    order_id INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT "pk_IdempotencyKeys" PRIMARY KEY (user_id, "key"),
    CONSTRAINT "fk_IdempotencyKeys_user_id" FOREIGN KEY(user_id) REFERENCES "Users" (user_id),
    CONSTRAINT "fk_IdempotencyKeys_order_id" FOREIGN KEY(order_id) REFERENCES "Orders" (order_id)
);
CREATE INDEX "ix_IdempotencyKeys_created_at" ON "IdempotencyKeys" (created_at);
CREATE TABLE "LoginFailures" (
    account VARCHAR(64) NOT NULL,
    failures INTEGER NOT NULL,
    blocked_until DATETIME NOT NULL,
    forget_at DATETIME NOT NULL,
    CONSTRAINT "pk_LoginFailures" PRIMARY KEY (account)
);
CREATE INDEX "ix_LoginFailures_forget_at" ON "LoginFailures" (forget_at);
CREATE INDEX "ix_Outbox_published_at_lease_until_order_id" ON "Outbox" (published_at, lease_until, order_id);
INSERT INTO alembic_version VALUES ('0004');
INSERT INTO "Users" VALUES (1, 'ann', 'ann@example.org', 'x', '2026-01-01 00:00:00.000000');
INSERT INTO "Users" VALUES (7, 'bob', 'bob@example.org', 'x', '2026-01-01 00:00:00.000000');
INSERT INTO "RefreshTokens" VALUES ('j', 'f', 7, '2026-01-02 00:00:00.000000', NULL, NULL, NULL);
INSERT INTO "Books" VALUES (3, 'Dune', 'About it.', '9780441013593', 'Frank Herbert', 'Ace', 'Paperback', 'Science Fiction', '10.99', 5, '/images/books/9780441013593.svg', 'dune', 'dune');
INSERT INTO "Orders" VALUES (9, 3, 7, '10.99', 1, 'pending', 'Dune', 'Frank Herbert', '/images/books/9780441013593.svg', '2026-01-01 00:00:00.000000', '7:3');
INSERT INTO "StockMovements" VALUES (9, 3, 1, 'taken');
INSERT INTO "Outbox" VALUES ('e', 9, '{}', 'r', 0, '2026-01-01 00:00:00.000000', NULL, NULL, 0, NULL);
INSERT INTO "IdempotencyKeys" VALUES (7, 'k', 'x', 9, '2026-01-01 00:00:00.000000');
INSERT INTO "LoginFailures" VALUES ('a', 1, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000');
