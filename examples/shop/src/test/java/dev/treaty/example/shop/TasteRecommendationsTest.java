package dev.treaty.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.ServiceException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TasteRecommendationsTest {
    private final Recommendations recommendations = new TasteRecommendations();

    @Test
    void every_instance_recommends_the_same() {
        assertThat(new TasteRecommendations().suggest("ann", 5))
                .isEqualTo(recommendations.suggest("ann", 5))
                .hasSize(5)
                .doesNotHaveDuplicates();
    }

    @Test
    void a_shorter_list_is_the_beginning_of_a_longer_one() {
        assertThat(recommendations.suggest("ann", 5))
                .startsWith(recommendations.suggest("ann", 2).toArray(Product[]::new));
    }

    @Test
    void customers_get_different_recommendations() {
        Set<List<Product>> lists = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            lists.add(recommendations.suggest("customer-" + i, 3));
        }
        assertThat(lists).hasSizeGreaterThan(10);
    }

    @Test
    void a_limit_out_of_range_is_rejected() {
        assertThatThrownBy(() -> recommendations.suggest("ann", 25))
                .isInstanceOf(ServiceException.class)
                .hasMessageContaining("limit is 25: use 1 to 24");
    }
}
