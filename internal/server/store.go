package server

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"entente/internal/config"
	"entente/internal/kit/clock"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/schema"
)

// openStore opens the store, claims it for servers of this mark, and returns it
// with the ring that opens what is sealed in it. A store of another mark is
// refused before anything else is done with it.
func openStore(ctx context.Context, c config.Config, mark string, clk clock.Clock, log *slog.Logger) (*sqldb.DB, *secret.Ring, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("data folder: %w", err)
	}
	db, err := sqldb.Open(ctx, sqldb.Options{URL: storeURL(c), Clock: clk, Log: log, Migrations: schema.Files})
	if err != nil {
		return nil, nil, fmt.Errorf("open store: %w", err)
	}
	ring, err := claim(ctx, db, c, mark, log)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, ring, nil
}

func storeURL(c config.Config) string {
	if !c.Database.IsZero() {
		return c.Database.Reveal()
	}
	return "sqlite:" + filepath.Join(c.Data, "entente.db")
}

func claim(ctx context.Context, db *sqldb.DB, c config.Config, mark string, log *slog.Logger) (*secret.Ring, error) {
	have, err := db.Mark(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the store's mark: %w", err)
	}
	if have != "" && have != mark {
		return nil, fmt.Errorf("this store was made by `entente %s` and serves nothing else", have)
	}
	ring, err := masterKeys(c, have == "", log)
	if err != nil {
		return nil, err
	}
	if err := db.ClaimMark(ctx, mark); err != nil {
		return nil, fmt.Errorf("claim the store: %w", err)
	}
	return ring, nil
}

// masterKeys returns the operator's keys. For a fresh store without any it
// makes one; for a store that is in use it never does, because a new key opens
// nothing that is there.
func masterKeys(c config.Config, fresh bool, log *slog.Logger) (*secret.Ring, error) {
	if !c.MasterKeys.IsZero() {
		return ringOf(c.MasterKeys.Reveal())
	}
	path := c.MasterKeyFile
	if path == "" {
		path = filepath.Join(c.Data, "master.key")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && c.MasterKeyFile == "" {
		if !fresh {
			return nil, fmt.Errorf("the master key is gone: the store holds keys that were sealed under %s; put it back", path)
		}
		return makeMasterKey(path, log)
	}
	if err != nil {
		return nil, fmt.Errorf("read master keys: %w", err)
	}
	ring, err := ringOf(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ring, nil
}

func ringOf(text string) (*secret.Ring, error) {
	keys, err := secret.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("master keys: %w", err)
	}
	return secret.NewRing(keys...)
}

// makeMasterKey never overwrites: whoever comes second reads the first one's.
func makeMasterKey(path string, log *slog.Logger) (*secret.Ring, error) {
	text := "# The master key of this installation. Without it the store opens nobody's keys: keep a copy.\n" +
		base64.StdEncoding.EncodeToString(secret.NewKey()) + "\n"
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	log.Info("made a master key; keep a copy of it apart from the store", "file", path)
	return ringOf(text)
}
