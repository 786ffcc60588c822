/**
 * Messages as JSON: a codec for the operations of a contract, and schemas.
 *
 * <p>{@link dev.treaty.codec.JsonCodec} reads and writes the messages of one operation for the Java types of its
 * signature. {@link dev.treaty.codec.JsonSchema} and {@link dev.treaty.codec.OpenApi} describe a contract for other
 * tools. {@link dev.treaty.codec.Json} reads and writes JSON without a contract. Schemas are closed: unknown fields,
 * missing fields and other types are rejected, and no class name is ever read from a message.
 *
 * {@snippet class="CodecExample" region="codec"}
 */
package dev.treaty.codec;
