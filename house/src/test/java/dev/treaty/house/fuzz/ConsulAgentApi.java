package dev.treaty.house.fuzz;

import dev.treaty.Treaty;
import dev.treaty.codec.Json;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Principal;
import dev.treaty.core.time.Time;
import dev.treaty.http.RawHandler.Answer;
import dev.treaty.http.RawHandler.Request;
import dev.treaty.registry.compat.ConsulApi;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Consul's API of an embedded registry, to which bodies are sent. */
final class ConsulAgentApi {
    private final Treaty treaty = Treaty.open(Settings.DEFAULTS);
    private final ConsulApi api = new ConsulApi(treaty.registry(), Time.system());

    /** Sends a body as a registration and as a report, and deregisters what it has registered. */
    void register(byte[] body) {
        check(put("service/register", body), "a registration");
        check(put("check/update/service:1", body), "a report");
        Answer services = answer(new Request("GET", "/v1/agent/services", Map.of(), new byte[0], Principal.ANONYMOUS));
        if (Json.read(services.body()) instanceof Map<?, ?> instances) {
            for (Object id : instances.keySet()) {
                if (put("service/deregister/" + id, new byte[0]).status() != 200) {
                    throw new AssertionError("an instance that is registered cannot be deregistered: " + id);
                }
            }
        }
    }

    private Answer put(String path, byte[] body) {
        return answer(new Request("PUT", "/v1/agent/" + path, Map.of(), body, Principal.ANONYMOUS));
    }

    private Answer answer(Request request) {
        try {
            return api.answer(request);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void check(Answer answer, String what) {
        String text = new String(answer.body(), StandardCharsets.UTF_8);
        if (answer.status() != 200 && (answer.status() >= 500 || text.isBlank())) {
            throw new AssertionError(what + " is answered with " + answer.status() + " " + text);
        }
    }
}
