/**
 * The one form that every Java source of this repository has: palantir-java-format, 120 columns, with its imports in
 * order. Nobody argues about it and nobody formats by hand: {@code ./treaty format} rewrites what differs, and a test
 * of the module {@code house} fails while anything does.
 *
 * <p>It is a program of its own, and not a Maven plugin, because the formatter looks inside the Java compiler and so
 * must run on the JDK that the sources are written for, while Maven may run on an older one.
 *
 * <pre>{@code
 * HouseStyle style = HouseStyle.create();
 * for (Path source : HouseStyle.sources(root)) {
 *     boolean tidy = style.format(Files.readString(source)).equals(Files.readString(source));
 * }
 * }</pre>
 */
@NullMarked
package dev.treaty.format;

import org.jspecify.annotations.NullMarked;
