/**
 * The one form that every Java source of this repository has: palantir-java-format, 120 columns, with its imports in
 * order. {@code ./treaty format} rewrites every source that differs, and a test of the module {@code house} fails if
 * one differs.
 *
 * <p>It is a program of its own, and not a Maven plugin, because the formatter uses packages of the Java compiler that
 * have to be exported to it on the command line.
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
