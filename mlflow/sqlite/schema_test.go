package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
)

// The tables must be those that MLflow 2.9.2 makes: every newer MLflow migrates from there by names.
func TestSchemaIsMLflows(t *testing.T) {
	ours, theirs := t.TempDir(), t.TempDir()
	open(t, ours)
	storetest.Client{Line: 2, URI: "sqlite:///" + filepath.Join(theirs, "mlflow.db"), Dir: theirs}.Run(t, "touch")
	if diff := cmp.Diff(describe(t, theirs), describe(t, ours)); diff != "" {
		t.Errorf("tables differ (-MLflow +ours):\n%s", diff)
	}
}

// describe lists columns, constraints and indexes of a database and its alembic revision.
func describe(t *testing.T, folder string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, "mlflow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var lines []string
	for _, query := range []string{
		`SELECT 'column', m.name, c.name, c.type, c."notnull", coalesce(c.dflt_value, ''), c.pk, ''
			FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`,
		`SELECT 'foreign key', m.name, f."from", f."table", f."to", f.on_update, f.on_delete, f.seq
			FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
		`SELECT 'index', m.name, i.name, i."unique", i.origin, c.seqno, c.name, ''
			FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c WHERE m.type = 'table'`,
		`SELECT 'revision', version_num, '', '', '', '', '', '' FROM alembic_version`,
		`SELECT 'experiment', experiment_id, name, lifecycle_stage, '', '', '', '' FROM experiments`,
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var cells [8]string
			if err := rows.Scan(&cells[0], &cells[1], &cells[2], &cells[3], &cells[4], &cells[5], &cells[6], &cells[7]); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, strings.Join(cells[:], " | "))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	lines = append(lines, constraints(t, db)...)
	slices.Sort(lines)
	return lines
}

// constraints lists the named constraints and checks as written, which no pragma tells.
func constraints(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.Query(`SELECT name, sql FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var table, text string
		if err := rows.Scan(&table, &text); err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "FOREIGN KEY(", "FOREIGN KEY (")
		for _, word := range []string{"CONSTRAINT ", "CHECK ("} {
			for rest := text; ; {
				_, after, found := strings.Cut(rest, word)
				if !found {
					break
				}
				clause, _, _ := strings.Cut(after, ")")
				lines = append(lines, strings.ToLower(fmt.Sprintf("%s: %s%s", table, word, clause)))
				rest = after
			}
		}
	}
	return lines
}
