package dev.treaty.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.codec.json.JsonAdapters;
import dev.treaty.codec.json.JsonFormat;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.contract.compatibility.Difference;
import dev.treaty.core.contract.compatibility.Difference.Impact;
import dev.treaty.core.contract.compatibility.Difference.Kind;
import dev.treaty.fixtures.RandomContracts;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import tools.jackson.core.ObjectWriteContext;

/** The codec accepts and rejects messages as the comparison of two contracts predicts. */
class CompatibilityLawsTest {
    private static final int CALLS = 12;

    @Property(tries = 2_000)
    void the_comparison_predicts_what_the_codec_does(@ForAll long seed) {
        var random = new Random(seed);
        var contracts = new RandomContracts(random);
        ServiceContract older = contracts.contract();
        ServiceContract newer = contracts.changed(older);
        var compatibility = Compatibility.between(older, newer);

        Impact old = impactOnMessages(compatibility, true);
        Impact fresh = impactOnMessages(compatibility, false);
        Statistics.label("old clients").collect(old);
        Statistics.label("new clients").collect(fresh);
        checkCalls(older, newer, old, contracts, compatibility);
        checkCalls(newer, older, fresh, contracts, compatibility);
    }

    /** The impact on messages, which idempotency does not affect. */
    private static Impact impactOnMessages(Compatibility compatibility, boolean oldClients) {
        Impact impact = oldClients ? compatibility.oldClients("work") : compatibility.newClients("work");
        boolean messages = compatibility.differences().stream()
                .filter(d -> d.kind() != Kind.IDEMPOTENCY_WEAKENED && d.kind() != Kind.IDEMPOTENCY_STRENGTHENED)
                .anyMatch(oldClients ? Difference::breaksOldClients : Difference::breaksNewClients);
        return messages ? impact : Impact.NONE;
    }

    private static void checkCalls(
            ServiceContract client,
            ServiceContract server,
            Impact impact,
            RandomContracts contracts,
            Compatibility compatibility) {
        Operation calling = client.operations().getFirst();
        Operation called = server.operations().getFirst();
        for (int i = 0; i < CALLS; i++) {
            Map<String, Object> request = contracts.message(calling.request());
            Map<String, Object> response = contracts.message(called.response());
            boolean works = isReadable(calling.request(), called.request(), request, false)
                    && isReadable(called.response(), calling.response(), response, true);
            String what = "%s%n%s%nclient of %s, %s, %s: %s"
                    .formatted(
                            client.text(),
                            server.text(),
                            client.version(),
                            request,
                            response,
                            compatibility.differences());
            assertThat(works || impact != Impact.NONE)
                    .as("no call fails: %s", what)
                    .isTrue();
            assertThat(works && impact == Impact.ALL)
                    .as("all calls fail: %s", what)
                    .isFalse();
        }
    }

    /** Returns true if a message that is written in one shape can be read in another. */
    private static boolean isReadable(
            Structure writer, Structure reader, Map<String, Object> message, boolean lenient) {
        var bytes = new OutputBuffer();
        JsonFormat.write(
                "message",
                ObjectWriteContext.empty(),
                bytes,
                out -> JsonAdapters.dynamic(writer).write(out, message));
        try {
            JsonFormat.read(
                    "message",
                    bytes.array(),
                    0,
                    bytes.length(),
                    lenient,
                    in -> JsonAdapters.dynamic(reader).read(in));
            return true;
        } catch (MessageException e) {
            return false;
        }
    }

    @Property(tries = 500)
    void a_contract_is_compatible_with_its_own_text(@ForAll long seed) {
        ServiceContract contract = new RandomContracts(new Random(seed)).contract();
        var same = Compatibility.between(contract, ServiceContract.parse(contract.text()));
        assertThat(same.differences()).isEmpty();
        assertThat(same.oldClientsWork() && same.newClientsWork()).isTrue();
    }

    @Property(tries = 500)
    void exchanging_the_contracts_exchanges_the_directions(@ForAll long seed) {
        var contracts = new RandomContracts(new Random(seed));
        ServiceContract older = contracts.contract();
        ServiceContract newer = contracts.changed(older);
        var there = Compatibility.between(older, newer);
        var back = Compatibility.between(newer, older);
        assertThat(there.oldClients("work")).isEqualTo(back.newClients("work"));
        assertThat(there.newClients("work")).isEqualTo(back.oldClients("work"));
    }
}
