//! Rounds that take turns, because a shared machine is fast now and slow in a minute.

/// What the rounds of one comparison gave.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    pairs: Vec<(f64, f64)>,
}

impl Rounds {
    /// Runs both sides `rounds` times; who begins changes from round to round. Each side answers one figure.
    ///
    /// # Errors
    /// The first error of either side.
    pub async fn interleave(
        rounds: u64,
        mut ours: impl AsyncFnMut(u64) -> anyhow::Result<f64>,
        mut baseline: impl AsyncFnMut(u64) -> anyhow::Result<f64>,
    ) -> anyhow::Result<Self> {
        let mut pairs = Vec::new();
        for round in 0..rounds {
            if round % 2 == 0 {
                let first = ours(round).await?;
                pairs.push((first, baseline(round).await?));
            } else {
                let first = baseline(round).await?;
                pairs.push((ours(round).await?, first));
            }
        }
        Ok(Self { pairs })
    }

    /// Adds a round that was run elsewhere.
    pub fn add(&mut self, ours: f64, baseline: f64) {
        self.pairs.push((ours, baseline));
    }

    /// Our median.
    #[must_use]
    pub fn ours(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.0))
    }

    /// The baseline's median.
    #[must_use]
    pub fn baseline(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.1))
    }

    /// Median of the rounds' own ratios, ours by baseline: what both sides of a round suffered alike cancels out.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.0 / pair.1))
    }

    /// The lowest and the highest ratio of a round.
    #[must_use]
    pub fn spread(&self) -> (f64, f64) {
        self.pairs
            .iter()
            .map(|pair| pair.0 / pair.1)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), ratio| (low.min(ratio), high.max(ratio)))
    }
}

/// The middle value; of an even number, the middle of the two middle ones; 0 of none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (None, _) => 0.0,
        (Some(value), 1) => *value,
        (Some(value), _) => f64::midpoint(*value, values[middle - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rounds_take_turns_and_the_middle_counts() {
        let order = std::cell::RefCell::new(String::new());
        let rounds = Rounds::interleave(
            3,
            async |round| {
                order.borrow_mut().push('o');
                Ok([10.0, 100.0, 30.0][usize::try_from(round)?])
            },
            async |_| {
                order.borrow_mut().push('b');
                Ok(10.0)
            },
        )
        .await
        .unwrap();
        assert_eq!(order.into_inner(), "obboob");
        assert!((rounds.ours() - 30.0).abs() < 1e-9 && (rounds.ratio() - 3.0).abs() < 1e-9);
        assert_eq!(rounds.spread(), (1.0, 10.0));
        assert!((median([4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
