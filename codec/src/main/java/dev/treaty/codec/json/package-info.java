/**
 * JSON adapters: how the values of one contract shape are read and written for one Java type.
 *
 * <p>{@link dev.treaty.codec.json.JsonAdapters} walks a shape and the Java type that belongs to it side by side, once
 * for each operation, and builds a tree of {@link dev.treaty.codec.json.JsonAdapter}s. At run time the tree reads
 * tokens through a {@link dev.treaty.codec.json.MessageReader} and writes them through a {@link
 * dev.treaty.codec.json.MessageWriter}, which know the position of a value for error messages. Records are created by
 * method handles; no reflection is left on the call path.
 */
package dev.treaty.codec.json;
