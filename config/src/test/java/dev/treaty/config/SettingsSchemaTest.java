package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.keyword.NonValidationKeyword;
import dev.treaty.config.SettingsKeys.Elements;
import dev.treaty.config.SettingsKeys.Form;
import dev.treaty.config.SettingsKeys.Group;
import dev.treaty.config.SettingsKeys.Names;
import dev.treaty.config.SettingsKeys.Value;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.text.DurationFormat;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The keys that are derived from the records, against the settings that the records accept, with a third-party
 * validator of JSON Schema; and the documentation that is written from the keys.
 */
class SettingsSchemaTest {
    private static final Path ROOT = Path.of("..");
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(Dialect.builder(Dialects.getDraft7())
                    .keyword(new NonValidationKeyword("patternErrorMessage")) // for editors
                    .build());
    private static final Schema SCHEMA = REGISTRY.getSchema(SettingsSchema.json());

    private static final Pattern TABLE = Pattern.compile(
            "(?<=<!-- begin of generated keys -->\n).*(?=<!-- end of generated keys -->)", Pattern.DOTALL);

    private static final Pattern YAML_BLOCK =
            Pattern.compile("(?m)^ *```yaml\n(.*?)^ *```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{(\\w+)");

    /** Keys for which not every value within the bounds of their type is accepted: no warm-up, not all weights 0. */
    private static final Set<String> NARROWER =
            Set.of("server.limits.rate-limit-per-caller.warm-up", "services.NAME.routing.rules[0].to[0].weight");

    /** Values as they are written in a file: of each form, and close to it. */
    private static final List<String> VALUES = List.of(
            "x",
            "shop.Orders",
            "a b",
            "\" a\"",
            "\"\"",
            "\" \"",
            "null",
            "é",
            "\"a\\u0007b\"",
            "\"a\\nb\"",
            "x".repeat(128),
            "x".repeat(129),
            "0",
            "1",
            "-1",
            "+1",
            "\"1\"",
            "1.5",
            "0.7",
            "1e1",
            "20%",
            "101%",
            "99999999999",
            "3KiB",
            "4 mib",
            "5Ki",
            "10s",
            "1m30s",
            "1.5 s",
            "30s1m",
            "PT5S",
            "pt5s",
            "5",
            "none",
            "true",
            "TRUE",
            "\"false\"",
            "yes",
            "full",
            "FULL",
            "peak_ewma",
            "deadline-exceeded",
            "/healthz",
            "grpc/x",
            "grpc/",
            "tcp",
            "http://127.0.0.1:80",
            "tcp://h:1",
            "https://shop.example",
            "https://Shop.example",
            "10.0.0.0/8",
            "fd00::1",
            "\"1.4.2\"",
            "1.2.3.4",
            "^1.4",
            "\">=1.4 <3\"",
            "\"*\"",
            "treaty://h:1",
            "embedded",
            "order.customer",
            "a..b",
            "a.",
            "\". a\"",
            "a.b.c.d.e.f.g.h.i",
            "\"${UNSET:3}\"",
            "\"${UNSET:10s}\"");

    /** A key with a value, alone, in a list, or by a name. */
    private record Leaf(String path, Value value, boolean optional) {}

    private static Map<String, SettingsKeys.Key> keys() {
        var keys = new LinkedHashMap<String, SettingsKeys.Key>();
        SettingsKeys.walk("", SettingsKeys.ROOT, keys::put);
        return keys;
    }

    /** Returns the keys with values, without those that services only inherit. */
    private static List<Leaf> leaves() {
        return keys().entrySet().stream()
                .filter(each -> !each.getKey().matches("services\\.NAME\\.(?!routing|requires).*"))
                .flatMap(each -> switch (each.getValue().kind()) {
                    case Value value ->
                        Stream.of(new Leaf(each.getKey(), value, each.getValue().optional()));
                    case Elements(Value value, var _) -> Stream.of(new Leaf(each.getKey() + "[0]", value, false));
                    case Names(var name, var _, Value value, var _) ->
                        Stream.of(new Leaf(each.getKey() + "." + name, value, false));
                    default -> Stream.of();
                })
                .toList();
    }

    private static boolean accepted(String yaml) {
        try {
            Settings.parse("test", yaml, Map.of());
            return true;
        } catch (ConfigurationException e) {
            return false;
        }
    }

    private static boolean valid(String yaml) {
        return SCHEMA.validate(yaml, InputFormat.YAML).isEmpty();
    }

    private static String file(String path, String value) {
        return file(new LinkedHashMap<>(Map.of(path, value)));
    }

    /** Returns a file with values by their keys, and what these keys require besides. */
    private static String file(Map<String, String> values) {
        var all = new LinkedHashMap<>(values);
        values.keySet()
                .forEach(path -> companions(path).forEach((companion, value) -> {
                    if (values.keySet().stream().noneMatch(each -> each.startsWith(companion + "["))) {
                        all.putIfAbsent(companion, value);
                    }
                }));
        var root = new TreeMap<String, Object>();
        all.forEach((path, value) -> put(root, path, value));
        return written(root);
    }

    private static Map<String, String> companions(String path) {
        if (path.matches("run\\[0]\\.(contract|implementation|class-path|instances|jvm|port).*")) {
            return Map.of("run[0].contract", "x", "run[0].implementation", "x");
        }
        if (path.startsWith("run[0].")) {
            return Map.of("run[0].name", "x", "run[0].address", "http://x");
        }
        if (path.startsWith("security.")) {
            return companionsOfSecurity(path);
        }
        String mirror = "services.NAME.routing.rules[0].mirror.";
        return path.startsWith(mirror) ? Map.of(mirror + "share", "1") : Map.of();
    }

    private static Map<String, String> companionsOfSecurity(String path) {
        String rule = "security.rules.KEY.";
        String issuer = "security.tokens.issuers.KEY.";
        String oidc = "security.client.oidc.";
        if (path.startsWith(rule)) {
            return Map.of(rule + "callers", "[x]", rule + "services", "[x]");
        } else if (path.startsWith(issuer)) {
            return Map.of(issuer + "issuer", "https://x");
        } else if (path.startsWith(oidc)) {
            return Map.of(oidc + "issuer", "https://x", oidc + "client-id", "x", oidc + "client-secret-file", "x");
        }
        return switch (path) {
            case "security.certificate" -> Map.of("security.key", "x");
            case "security.key" -> Map.of("security.certificate", "x");
            case "security.keystore" -> Map.of("security.keystore-password-file", "x");
            case "security.keystore-password-file" -> Map.of("security.keystore", "x");
            default -> Map.of();
        };
    }

    @SuppressWarnings("unchecked") // a group is a map by construction
    private static void put(Map<String, Object> root, String path, String value) {
        String[] steps = path.replace("[0]", ".[0]").split("\\.");
        Map<String, Object> group = root;
        for (String step : List.of(steps).subList(0, steps.length - 1)) {
            group = (Map<String, Object>) group.computeIfAbsent(step, _ -> new TreeMap<String, Object>());
        }
        group.put(steps[steps.length - 1], value);
    }

    private static String written(Object value) {
        return switch (value) {
            case Map<?, ?> list when list.containsKey("[0]") -> "[" + written(list.get("[0]")) + "]";
            case Map<?, ?> group ->
                group.entrySet().stream()
                        .map(each -> each.getKey() + ": " + written(each.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
            default -> value.toString();
        };
    }

    @Test
    void the_schema_is_valid() {
        Schema meta = REGISTRY.getSchema(SchemaLocation.of("http://json-schema.org/draft-07/schema#"));
        assertThat(meta.validate(SettingsSchema.json(), InputFormat.JSON)).isEmpty();
        assertThat(meta.validate("{\"type\":7}", InputFormat.JSON)).isNotEmpty();
    }

    @Test
    void every_key_has_a_meaning_and_every_number_has_bounds() {
        keys().forEach((path, key) -> {
            assertThat(key.description()).as(path).endsWith(".").doesNotContain("|");
            if (key.kind() instanceof Value value) {
                boolean bounded = Set.of(Form.NUMBER, Form.SIZE, Form.DURATION).contains(value.form());
                assertThat(!bounded || !value.max().isEmpty()).as(path).isTrue();
                assertThat((bounded || value.form() == Form.WHOLE)
                                && value.min().isEmpty())
                        .as(path)
                        .isFalse();
            }
        });
    }

    @Test
    void the_defaults_are_those_of_an_empty_file_and_of_required_keys_alone() {
        String run = "run: [{contract: x, implementation: x}, {name: x, address: http://x}]";
        var defaults = new LinkedHashMap<String, String>();
        keys().forEach((path, key) -> key.standard()
                .filter(_ -> !path.startsWith("services.") && (path.startsWith("run[") || !key.optional()))
                .ifPresent(text -> defaults.put(path, text)));
        Map<String, String> effective = Settings.effective("test", run, Map.of()).values().stream()
                .collect(Collectors.toMap(each -> each.key().replace("run[1]", "run[0]"), Setting::value, (a, _) -> a));
        assertThat(effective.keySet()).allSatisfy(key -> assertThat(keys()).containsKey(key));
        effective.forEach((key, value) -> {
            if (!keys().get(key).required()) {
                assertThat(defaults).containsEntry(key, value);
            }
        });
        assertThat(effective).hasSizeGreaterThan(80);
    }

    @Test
    void numbers_sizes_and_durations_are_accepted_up_to_their_bounds_and_not_beyond() {
        List<Leaf> bounded = leaves().stream()
                .filter(leaf -> !leaf.value.min().isEmpty())
                .filter(leaf -> !NARROWER.contains(leaf.path))
                .toList();
        assertThat(bounded).hasSizeGreaterThan(60);
        for (Leaf leaf : bounded) {
            Value value = leaf.value;
            String max = value.max().isEmpty() ? String.valueOf(Integer.MAX_VALUE) : value.max();
            assertThat(acceptedBeside(leaf, value.min(), bounded))
                    .as(leaf.path + ": " + value.min())
                    .isTrue();
            assertThat(acceptedBeside(leaf, max, bounded))
                    .as(leaf.path + ": " + max)
                    .isTrue();
            for (String beyond : List.of(step(value, value.min(), -1), step(value, max, 1))) {
                assertThat(acceptedBeside(leaf, beyond, bounded))
                        .as(leaf.path + ": " + beyond)
                        .isFalse();
                if (value.form() != Form.DURATION) {
                    assertThat(valid(file(leaf.path, beyond)))
                            .as(leaf.path + ": " + beyond)
                            .isFalse();
                }
            }
            assertThat(valid(file(leaf.path, value.min())))
                    .as(leaf.path + ": " + value.min())
                    .isTrue();
            assertThat(valid(file(leaf.path, max))).as(leaf.path + ": " + max).isTrue();
        }
    }

    /**
     * Returns whether a value is accepted alone, or beside another of the group that is as small or large as it may be.
     */
    private static boolean acceptedBeside(Leaf leaf, String text, List<Leaf> leaves) {
        String group = leaf.path.substring(0, leaf.path.lastIndexOf('.') + 1);
        Stream<String> beside = leaves.stream()
                .filter(other -> !other.equals(leaf) && other.path.startsWith(group))
                .filter(other -> other.path.indexOf('.', group.length()) < 0)
                .flatMap(other -> Stream.of(other.value.min(), other.value.max())
                        .filter(bound -> !bound.isEmpty())
                        .map(bound -> file(new LinkedHashMap<>(Map.of(leaf.path, text, other.path, bound)))));
        return Stream.concat(Stream.of(file(leaf.path, text)), beside).anyMatch(SettingsSchemaTest::accepted);
    }

    /** Returns the next value above or below a bound. */
    private static String step(Value value, String bound, int direction) {
        return switch (value.form()) {
            case WHOLE -> String.valueOf(Long.parseLong(bound) + direction);
            case NUMBER -> {
                double number = Double.parseDouble(bound);
                yield String.valueOf(direction < 0 ? Math.nextDown(number) : Math.nextUp(number));
            }
            case SIZE -> String.valueOf((int) format(value, bound) + direction);
            default -> DurationFormat.write(((Duration) format(value, bound)).plusNanos(direction));
        };
    }

    private static Object format(Value value, String text) {
        String name = value.form() == Form.SIZE ? "bytes" : "";
        return ValueFormat.of(value.type(), name).orElseThrow().read().apply(text);
    }

    @Test
    void the_schema_accepts_every_value_that_settings_accept_and_refuses_what_it_can_tell() {
        int refused = 0;
        for (Leaf leaf : leaves()) {
            for (String text : VALUES) {
                String yaml = file(leaf.path, text);
                boolean settings = accepted(yaml);
                boolean schema = valid(yaml);
                refused += settings ? 0 : 1;
                if (settings) {
                    assertThat(schema || otherwiseSpelled(leaf.value, text))
                            .as(yaml)
                            .isTrue();
                } else if (told(leaf, text)) {
                    assertThat(schema).as(yaml).isFalse();
                }
            }
        }
        assertThat(refused).isGreaterThan(1000);
    }

    /** Returns whether a value is a word that is not in lower case with hyphens. */
    private static boolean otherwiseSpelled(Value value, String text) {
        return value.form() == Form.WORD
                && value.words().contains(text.toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    /** Returns whether the schema can tell that a value is wrong. */
    private static boolean told(Leaf leaf, String text) {
        Value value = leaf.value;
        return switch (value.form()) {
            case BOOLEAN, WORD -> !text.contains("${");
            case TEXT ->
                Set.<Class<?>>of(String.class, ServiceName.class, Version.class).contains(value.type())
                        && !leaf.path.startsWith("server.metadata")
                        && !text.contains("${")
                        && !(text.matches("[+-]?[0-9.e]+") && "1".matches(value.pattern())); // patterns are for text
            case WHOLE, NUMBER, SIZE, DURATION -> false; // as texts they may be too large
        };
    }

    @Test
    void wrong_kinds_unknown_keys_and_missing_ones_are_refused_by_settings_and_by_the_schema() {
        var wrong = new ArrayList<String>(List.of(
                "run: [{contract: x}]",
                "run: [{implementation: x}]",
                "run: [{name: x}]",
                "run: [{address: http://x}]",
                "run: [{}]",
                "run: [{contract: x, implementation: x, name: x, address: http://x}]",
                "services: {a: {routing: {rules: [{mirror: {to: {version: 1}}}]}}}",
                "services: {a b: {deadline: 1s}}",
                "services: {a: {operations: {get: {breaker: {open: 2s}}}}}"));
        keys().forEach((path, key) -> {
            if (path.startsWith(SettingsKeys.APP)) {
                return;
            }
            var misspelled = new LinkedHashMap<>(companions(path));
            misspelled.put(path + "x", "1");
            wrong.add(file(misspelled));
            List<String> kinds = switch (key.kind()) {
                case Value _ -> List.of("{a: b}", "[1]", "null");
                case Group _, Names _ -> List.of("5", "x", "[1]");
                default -> List.of("5", "x", "{a: b}");
            };
            kinds.forEach(kind -> wrong.add(file(path, kind)));
        });
        assertThat(wrong).hasSizeGreaterThan(800);
        assertThat(wrong).allSatisfy(yaml -> {
            assertThat(accepted(yaml)).as(yaml).isFalse();
            assertThat(valid(yaml)).as(yaml).isFalse();
        });
    }

    @Test
    void random_files_that_settings_accept_are_accepted_by_the_schema() {
        List<Leaf> leaves = leaves();
        int kept = 0;
        int tried = 0;
        for (int seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            var values = new LinkedHashMap<String, String>();
            int count = random.nextInt(15);
            boolean hosted = random.nextBoolean();
            for (int i = 0; i < count; i++) {
                Leaf leaf = leaves.get(random.nextInt(leaves.size()));
                String path = elsewhere(leaf.path, random);
                if (path.startsWith("run") && companions(path).containsKey("run[0].contract") != hosted) {
                    continue;
                }
                String before = values.put(path, sample(leaf, random));
                tried++;
                if (accepted(file(values))) {
                    kept++;
                } else if (before == null) {
                    values.remove(path);
                } else {
                    values.put(path, before);
                }
            }
            String yaml = file(values);
            assertThat(SCHEMA.validate(yaml, InputFormat.YAML)).as(yaml).isEmpty();
        }
        assertThat((double) kept / tried)
                .as("the share of values that are valid")
                .isGreaterThan(0.8);
    }

    /** Returns the same key of a service or an operation, where there is one. */
    private static String elsewhere(String path, Random random) {
        int where = random.nextInt(4);
        if (path.startsWith("defaults.") && where > 1) {
            boolean operation = where == 2 && !path.startsWith("defaults.breaker");
            return "services.NAME." + (operation ? "operations.OPERATION." : "") + path.substring("defaults.".length());
        }
        return path.startsWith("balance.") && where > 1 ? "services.NAME." + path : path;
    }

    private static String sample(Leaf leaf, Random random) {
        Value value = leaf.value;
        if (leaf.optional && random.nextInt(5) == 0) {
            return "none";
        }
        String text = switch (value.form()) {
            case BOOLEAN -> String.valueOf(random.nextBoolean());
            case WORD -> value.words().get(random.nextInt(value.words().size()));
            case WHOLE ->
                String.valueOf(whole(
                        random,
                        Integer.parseInt(value.min()),
                        value.max().isEmpty() ? 1000 : Integer.parseInt(value.max())));
            case NUMBER -> {
                double min = Double.parseDouble(value.min());
                double number = min + random.nextDouble() * (Double.parseDouble(value.max()) - min);
                yield random.nextBoolean() ? String.valueOf(number) : (number * 99.9) + "%";
            }
            case SIZE -> whole(random, 1, 1 << 20) + "KiB";
            case DURATION -> {
                long min = ((Duration) format(value, value.min())).toNanos();
                long max = ((Duration) format(value, value.max())).toNanos();
                yield DurationFormat.write(
                        Duration.ofNanos(min + random.nextLong(Math.min(max - min, 9_000_000_000L))));
            }
            case TEXT -> text(value, random);
        };
        return random.nextInt(4) == 0 ? "\"" + text.replace("\"", "\\\"") + "\"" : text;
    }

    private static int whole(Random random, int min, int max) {
        return min + random.nextInt(max - min + 1);
    }

    private static String text(Value value, Random random) {
        Map<Class<?>, List<String>> byType = Map.of(
                VersionRange.class, List.of("^1.4", "'>=1.4 <3'", "'*'"),
                AddressRange.class, List.of("10.1.0.0/16", "'fd00::1'"),
                RegistryAddress.class,
                        List.of("embedded", "treaty://h:1", "'etcd://a:2379 + zookeeper://b:2181 else dns://c'"),
                URI.class, List.of("http://a:1", "tcp://b:2", "grpcs://c/d?e#f"));
        Predicate<String> fits = value.pattern().isEmpty()
                ? _ -> true
                : Pattern.compile(value.pattern()).asMatchPredicate();
        List<String> texts = byType.getOrDefault(
                value.type(),
                Stream.of(
                                "shop.Orders",
                                "x",
                                "1.4.2",
                                "1.0",
                                "/",
                                "grpc/a",
                                "https://shop.example:8443",
                                "a.b.c",
                                "é",
                                "ab c",
                                "TLSv1.2",
                                "RS256")
                        .filter(fits)
                        .toList());
        String text = texts.get(random.nextInt(texts.size()));
        return text.startsWith("'") ? text.substring(1, text.length() - 1) : text;
    }

    @Test
    void the_examples_of_files_and_of_the_documentation_are_accepted() throws IOException {
        Set<String> roots =
                SettingsKeys.ROOT.keys().stream().map(SettingsKeys.Key::name).collect(Collectors.toSet());
        Pattern key = Pattern.compile("(?m)^([a-z-]+):");
        var examples = new LinkedHashMap<String, String>();
        try (Stream<Path> files = Stream.concat(
                Stream.of(ROOT.resolve("README.md")),
                Stream.of("docs", "examples", "demo/src", "cli/src").flatMap(folder -> walk(ROOT.resolve(folder))))) {
            for (Path file : files.filter(each -> each.toString().matches(".*\\.(md|ya?ml)")
                            && !each.toString().contains("/target/"))
                    .toList()) {
                String text = Files.readString(file);
                List<String> parts = file.toString().endsWith(".md")
                        ? YAML_BLOCK
                                .matcher(text)
                                .results()
                                .map(match -> match.group(1).stripIndent())
                                .toList()
                        : List.of(text);
                IntStream.range(0, parts.size()).forEach(i -> examples.put(file + "#" + i, parts.get(i)));
            }
        }
        examples.values().removeIf(yaml -> {
            List<String> keys =
                    key.matcher(yaml).results().map(match -> match.group(1)).toList();
            return keys.isEmpty() || !roots.containsAll(keys);
        });
        assertThat(examples).hasSizeGreaterThan(8);
        examples.forEach((name, yaml) -> {
            assertThat(SCHEMA.validate(yaml, InputFormat.YAML)).as(name).isEmpty();
            if (!yaml.contains("app:")) {
                Map<String, String> environment = REFERENCE
                        .matcher(yaml)
                        .results()
                        .map(match -> match.group(1))
                        .distinct()
                        .collect(Collectors.toMap(each -> each, _ -> "1"));
                Settings.parse(name, yaml, environment);
            }
        });
    }

    private static Stream<Path> walk(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** With {@code -Ddocs.write} the documentation is written first. */
    @Test
    void the_documentation_has_the_table_and_the_schema_of_these_keys() throws IOException {
        Path page = ROOT.resolve("docs/configuration.md");
        Path schema = ROOT.resolve("docs/treaty.schema.json");
        if (System.getProperty("docs.write") != null) {
            String text = TABLE.matcher(Files.readString(page))
                    .replaceFirst(Matcher.quoteReplacement(SettingsTable.markdown()));
            Files.writeString(page, text);
            Files.writeString(schema, SettingsSchema.json());
        }
        assertThat(TABLE.matcher(Files.readString(page)).results().map(MatchResult::group))
                .containsExactly(SettingsTable.markdown());
        assertThat(schema).hasContent(SettingsSchema.json());
    }
}
