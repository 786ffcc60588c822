import dev.treaty.core.call.Principal;
import dev.treaty.core.security.Decision;
import dev.treaty.security.AccessMatrix;
import dev.treaty.security.AccessPolicy;
import dev.treaty.security.AccessRules;
import java.util.List;
import java.util.Map;

class AccessExample {
    // @start region="decide"
    static final AccessPolicy POLICY = new AccessPolicy(
            Map.of(
                    "buyers",
                    new AccessPolicy.Rule(
                            List.of("shop.Web"),
                            List.of(),
                            Map.of(),
                            List.of("shop.Orders"),
                            List.of("place", "show"),
                            AccessPolicy.Effect.ALLOW)),
            Map.of(AccessRules.OPERATOR, List.of("alice")),
            Map.of(),
            false);

    static boolean mayPlace(Principal caller) {
        Decision decision = new AccessRules(POLICY).authorize(caller, "shop.Orders", "place");
        return decision.allowed();
    }
    // @end

    // @start region="matrix"
    void who_may_do_what() {
        AccessMatrix.of(POLICY).check("""
                                    | shop.Web | shop.Stock | alice | anonymous
            shop.Orders/place       | allow    | deny       | deny  | deny
            shop.Orders/cancel      | deny     | deny       | deny  | deny
            treaty.drain shop.Orders| deny     | deny       | allow | deny
            get /-/health           | allow    | allow      | allow | allow
            """);
    }
    // @end
}
