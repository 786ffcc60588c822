package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import dev.treaty.core.text.Secrets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The state of reading one configuration: the environment, the problems found, and the values in effect.
 *
 * <p>There is no list of settings apart from the records. Every setting that is read claims the variable of its key. A
 * variable that no setting has claimed in the end is unknown, and the claimed ones are what it may be a misspelling of.
 */
final class SettingsReading {
    /** The prefix of the variables that are settings. */
    static final String PREFIX = "TREATY_";

    /** Variables of the command and its launcher, and those that name sources: they are not settings. */
    private static final Set<String> RESERVED = Set.of(
            "TREATY_DEBUG",
            "TREATY_LOG",
            "TREATY_JAVA_OPTIONS",
            ConfigurationSources.PROFILE,
            ConfigurationSources.DIRECTORY);

    /** What Kubernetes sets in each container if a service is named {@code treaty} or {@code treaty-…}. */
    private static final Pattern KUBERNETES = Pattern.compile(
            "TREATY_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

    private static final Pattern KUBERNETES_PORT = Pattern.compile("(tcp|udp|sctp)://.*");

    private static final Pattern PLACEHOLDER =
            Pattern.compile("\\$(?<escape>\\$\\{)|\\$\\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(:(?<default>[^}]*))?}|\\$\\{");

    final Problems problems;
    private final Map<String, String> environment;
    private final SecretReferences secrets;
    private final String prefix;

    /** The variables that are settings or misspelled ones. */
    private final Map<String, String> variables = new TreeMap<>();

    private final Map<String, String> keyByVariable = new TreeMap<>();
    private final Set<String> ambiguous = new HashSet<>(); // variables whose ambiguity is reported already
    private final Map<String, Setting> inEffect = new LinkedHashMap<>();
    private final List<Section> sections = new ArrayList<>();

    SettingsReading(Map<String, String> environment, Problems problems) {
        this(environment, new SecretReferences(environment), problems, PREFIX);
    }

    /** @param prefix the prefix of the variables that are read */
    SettingsReading(Map<String, String> environment, SecretReferences secrets, Problems problems, String prefix) {
        this.problems = problems;
        this.environment = environment;
        this.secrets = secrets;
        this.prefix = prefix;
        environment.forEach((name, value) -> {
            boolean kubernetes = KUBERNETES.matcher(name).matches()
                    || (name.endsWith("_PORT") && KUBERNETES_PORT.matcher(value).matches());
            if (name.startsWith(prefix) && !kubernetes && !RESERVED.contains(name)) {
                variables.put(name, value);
            }
        });
    }

    /** Returns another reading of the same sources, of the values below a key. */
    SettingsReading below(String key) {
        return new SettingsReading(environment, secrets, new Problems(), variableName(key) + "_");
    }

    /** Returns the whole configuration as a section. */
    Section root(@Nullable YamlNode root, Place origin) {
        return section(new Slot(this, "", root, root == null ? origin : root.place(), null, "default"));
    }

    /** Returns a group of keys; the keys that have not been read by the {@linkplain #end end} are unknown. */
    Section section(Slot slot) {
        var section = new Section(slot);
        sections.add(section);
        return section;
    }

    /** Returns the variable of a setting: {@code TREATY_SERVER_PORT} for {@code server.port}. */
    static String variableName(String key) {
        return PREFIX + KeyNames.variable(key);
    }

    /** Returns whether a variable of any setting of that group is set. */
    boolean hasBelow(String key) {
        String prefix = variableName(key) + "_";
        return variables.keySet().stream().anyMatch(name -> name.startsWith(prefix));
    }

    /** Claims the variable of a setting and returns its value. */
    Optional<String> variable(String key) {
        if (variables.isEmpty()) {
            return Optional.empty(); // and none will be unknown
        }
        String name = variableName(key);
        String other = keyByVariable.putIfAbsent(name, key);
        if (variables.containsKey(name) && other != null && !other.equals(key) && ambiguous.add(name)) {
            problems.add(Place.outsideFiles(name), key, "this variable could also mean " + other + "; use the file");
        }
        return Optional.ofNullable(variables.get(name));
    }

    /**
     * Replaces each {@code ${NAME}} and {@code ${NAME:default}} by the variable's value; <code>$${</code> is an escaped
     * <code>${</code>.
     */
    String interpolate(String text) {
        return PLACEHOLDER.matcher(text).replaceAll(match -> Matcher.quoteReplacement(replacement(match)));
    }

    /**
     * Returns what a text means: files may refer to variables, and some keys to secrets.
     *
     * @throws IllegalArgumentException if there is no such variable or secret
     */
    String resolve(String key, ValueFormat<?> format, Slot.Text text) {
        String value = text.place().inFile() ? interpolate(text.value()) : text.value();
        return acceptsSecret(key, format) ? secrets.follow(value, problems) : value;
    }

    private static boolean acceptsSecret(String key, ValueFormat<?> format) {
        return key.startsWith(AppSettings.KEY + ".") || (format.isText() && Secrets.isSecretName(key));
    }

    private String replacement(MatchResult match) {
        if (match.group("escape") != null) {
            return "${";
        }
        String name = match.group("name");
        if (name == null) {
            throw new IllegalArgumentException(
                    "\"${\" begins a variable that does not end; write ${NAME}, ${NAME:default}, or $${ for itself");
        }
        String value = environment.getOrDefault(name, match.group("default"));
        if (value == null) {
            throw new IllegalArgumentException(
                    "the environment has no " + name + "; set it, or write ${" + name + ":default}");
        }
        problems.hide(value, "${" + name + "}");
        return value;
    }

    /** Returns whether a text refers to a secret, or to a variable whose value may be secret. */
    static boolean refers(String key, ValueFormat<?> format, Slot.Text text) {
        boolean variable = text.place().inFile()
                && PLACEHOLDER.matcher(text.value()).results().anyMatch(match -> match.group("name") != null);
        return (variable && format.isText())
                || (acceptsSecret(key, format) && SecretReferences.isReference(text.value()));
    }

    /** Returns a text without the defaults of the variables to which it refers, because these may be secret too. */
    static String written(Slot.Text text) {
        if (!text.place().inFile()) {
            return text.value();
        }
        return PLACEHOLDER
                .matcher(text.value())
                .replaceAll(match -> Matcher.quoteReplacement(
                        match.group("name") == null ? match.group() : "${" + match.group("name") + "}"));
    }

    /** Records that a value is in effect. Only text may be secret. */
    void inEffect(String key, ValueFormat<?> format, String value, String origin) {
        String shown = !format.isText() ? value : Secrets.isSecretName(key) ? Secrets.MASK : Secrets.mask(value);
        inEffect.put(key, new Setting(key, shown, origin));
    }

    /**
     * Ends the reading.
     *
     * @return the values in effect, in the order of the records
     * @throws ConfigurationException if anything is wrong
     */
    List<Setting> end() {
        sections.forEach(Section::reportUnknownKeys);
        variables.forEach((name, value) -> {
            if (laterBound(name)) {
                readSecrets(name, value);
            } else if (!keyByVariable.containsKey(name)) {
                problems.add(Place.outsideFiles(name), "", unknown(name));
            }
        });
        problems.throwIfAny();
        return List.copyOf(inEffect.values());
    }

    /** Returns the value of a variable that no setting has claimed, whose secret the end of the reading has read. */
    Optional<String> unknownVariable(String key) {
        return Optional.ofNullable(variables.get(variableName(key))).map(value -> secrets.follow(value, problems));
    }

    /** Reads the secrets of variables that records may have which the application binds later. */
    private void readSecrets(String name, String value) {
        try {
            secrets.follow(value, problems);
        } catch (IllegalArgumentException e) {
            problems.add(Place.outsideFiles(name), "", String.valueOf(e.getMessage()));
        }
    }

    /** Returns whether a record that the application binds later may have this variable. */
    private boolean laterBound(String name) {
        return prefix.equals(PREFIX)
                && !keyByVariable.containsKey(name)
                && name.startsWith(variableName(AppSettings.KEY) + "_");
    }

    private String unknown(String name) {
        Optional<String> member = keyByVariable.keySet().stream()
                .filter(variable -> variable.startsWith(name + "_"))
                .findFirst();
        if (member.isPresent()) {
            return "is the name of a group or a list; set one of its values, such as " + member.get();
        }
        String hint = KeyNames.nearest(name, keyByVariable.keySet())
                .map(near -> "; did you mean " + near + "?")
                .orElse("");
        return "no setting has this variable" + hint
                + (name.startsWith(PREFIX + "SERVICES_")
                        ? (hint.isEmpty() ? "; a" : " A")
                                + " variable can set a value of a service that another layer names"
                        : "");
    }
}
