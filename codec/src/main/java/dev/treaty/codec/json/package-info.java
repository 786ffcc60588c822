/**
 * JSON adapters, which read and write the values of one contract shape as one Java type.
 *
 * <p>{@link dev.treaty.codec.json.JsonAdapters} walks a shape and its Java type in parallel, once for each operation,
 * and builds a tree of {@link dev.treaty.codec.json.JsonAdapter}s. The tree reads tokens through a {@link
 * dev.treaty.codec.json.MessageReader} and writes them through a {@link dev.treaty.codec.json.MessageWriter}, which
 * know the current position for error messages. Records are created by method handles; calls use no reflection.
 */
package dev.treaty.codec.json;
