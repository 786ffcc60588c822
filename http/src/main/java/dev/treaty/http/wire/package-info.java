/**
 * What both sides of the HTTP protocol share: the names and the rules of headers.
 *
 * <p>{@link dev.treaty.http.wire.CallHeaders} lists every header that Treaty sends and reads itself, the headers that
 * an application may not set, and the limits of the others. The client and the server use the same class, so that a
 * header that one side accepts is accepted by the other.
 */
package dev.treaty.http.wire;
