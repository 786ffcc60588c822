package dev.treaty.benchmarks;

import dev.treaty.benchmarks.Figure.Kind;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a benchmark found.
 *
 * @param benchmark its name
 * @param about how it was measured, in sentences
 * @param figures what was measured
 * @param rows one per subject and setting, in the order of measurement
 * @param ratios one per peer, setting and figure, named like {@code grpc.c128.throughput}, above 1 where Treaty is
 *     better
 */
public record Report(
        String benchmark, List<String> about, List<Figure> figures, List<Row> rows, Map<String, Double> ratios) {

    /** As many digits as any of these measurements could justify, and some. */
    private static final MathContext DIGITS = new MathContext(6);

    /**
     * The figures of one subject in one setting.
     *
     * @param figures by name
     */
    public record Row(String subject, String setting, Map<String, Spread> figures) {}

    /**
     * The values of several rounds.
     *
     * @param value the median, or the sum of what is counted
     * @param min of a single round
     * @param max of a single round
     */
    public record Spread(double value, double min, double max) {

        static Spread of(Kind kind, List<Double> values) {
            return new Spread(
                    kind == Kind.COUNTED ? values.stream().mapToDouble(v -> v).sum() : median(values),
                    values.stream().mapToDouble(v -> v).min().orElseThrow(),
                    values.stream().mapToDouble(v -> v).max().orElseThrow());
        }
    }

    /**
     * Sums samples up. A ratio is the median of the ratios of the single rounds, because what disturbs a round disturbs
     * all its subjects; it is left out where there is nothing to divide by.
     *
     * @param own the subject that the others are compared with
     */
    public static Report of(
            String benchmark, List<String> about, List<Figure> figures, String own, List<Sample> samples) {
        Map<String, Map<String, List<Sample>>> bySetting = samples.stream()
                .collect(grouped(Sample::setting, grouped(Sample::subject, Collectors.toUnmodifiableList())));
        var rows = new ArrayList<Row>();
        var ratios = new LinkedHashMap<String, Double>();
        bySetting.forEach((setting, subjects) -> subjects.forEach((subject, rounds) -> {
            rows.add(new Row(subject, setting, spreads(figures, rounds)));
            if (!subject.equals(own)) {
                for (Figure figure : figures) {
                    ratio(figure, subjects.getOrDefault(own, List.of()), rounds)
                            .ifPresent(ratio -> ratios.put(subject + "." + setting + "." + figure.name(), ratio));
                }
            }
        }));
        return new Report(benchmark, List.copyOf(about), List.copyOf(figures), rows, ratios);
    }

    private static <K, D> java.util.stream.Collector<Sample, ?, Map<K, D>> grouped(
            Function<Sample, K> key, java.util.stream.Collector<Sample, ?, D> downstream) {
        return Collectors.groupingBy(key, LinkedHashMap::new, downstream);
    }

    private static Map<String, Spread> spreads(List<Figure> figures, List<Sample> rounds) {
        var spreads = new LinkedHashMap<String, Spread>();
        for (Figure figure : figures) {
            List<Double> values = rounds.stream()
                    .map(round -> round.values().get(figure.name()))
                    .filter(value -> value != null)
                    .toList();
            if (!values.isEmpty()) {
                spreads.put(figure.name(), Spread.of(figure.kind(), values));
            }
        }
        return spreads;
    }

    private static Optional<Double> ratio(Figure figure, List<Sample> own, List<Sample> peer) {
        if (figure.kind() == Kind.COUNTED) {
            return Optional.empty();
        }
        var ratios = new ArrayList<Double>();
        for (Sample ours : own) {
            for (Sample theirs : peer) {
                Double our = ours.values().get(figure.name());
                Double their = theirs.values().get(figure.name());
                if (ours.round() == theirs.round() && our != null && their != null) {
                    double ratio = figure.kind() == Kind.HIGHER_IS_BETTER ? our / their : their / our;
                    if (Double.isFinite(ratio)) {
                        ratios.add(ratio);
                    }
                }
            }
        }
        return ratios.isEmpty() ? Optional.empty() : Optional.of(median(ratios));
    }

    private static double median(Collection<Double> values) {
        double[] sorted = values.stream().mapToDouble(v -> v).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** How often something counted happened to anyone, such as errors. */
    public double total(Figure counted) {
        return rows.stream()
                .map(row -> row.figures().get(counted.name()))
                .filter(spread -> spread != null)
                .mapToDouble(Spread::value)
                .sum();
    }

    /** The report as one JSON object. */
    public String json() {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        ObjectNode root = nodes.objectNode();
        root.put("benchmark", benchmark);
        about.forEach(root.putArray("about")::add);
        ObjectNode units = root.putObject("figures");
        figures.forEach(figure -> units.putObject(figure.name())
                .put("unit", figure.unit())
                .put("kind", figure.kind().name()));
        var list = root.putArray("rows");
        for (Row row : rows) {
            ObjectNode node = list.addObject();
            node.put("subject", row.subject());
            node.put("setting", row.setting());
            put(node.putObject("figures"), row.figures(), Spread::value);
            put(node.putObject("min"), row.figures(), Spread::min);
            put(node.putObject("max"), row.figures(), Spread::max);
        }
        put(root.putObject("ratios"), ratios, ratio -> ratio);
        return JsonMapper.builder()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsString(root)
                + "\n";
    }

    private static <V> void put(ObjectNode node, Map<String, V> values, Function<V, Double> number) {
        values.forEach((name, value) ->
                node.put(name, BigDecimal.valueOf(number.apply(value)).round(DIGITS)));
    }

    /** The report as tables for people. */
    public String table() {
        return Table.of(this);
    }
}
