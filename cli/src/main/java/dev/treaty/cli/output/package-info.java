/**
 * How commands print: tables, colours and JSON documents.
 *
 * <p>{@link dev.treaty.cli.output.Table} aligns columns, {@link dev.treaty.cli.output.Style} adds colours on a
 * terminal and nothing elsewhere, and {@link dev.treaty.cli.output.JsonDocuments} builds the objects that {@code
 * --json} prints.
 */
package dev.treaty.cli.output;
