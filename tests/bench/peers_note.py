"""The other programs' side of bench_note: NegEx's own in Python on the same sentences, and scikit-learn's hashing of the
same text (Debian's python3-sklearn), which knows neither sections nor context."""
import importlib.util
import os
import sys
import time

folder = sys.argv[1]
path = os.path.join(folder, "genConText", "rsAnnotations-1-120-random.txt")
with open(path, encoding="latin-1", newline="\n") as file:
    rows = [line.rstrip("\r\n").split("\t") for line in file]


def show(name, pairs):
    both = pairs.count((True, True))
    ours, theirs, neither = (pairs.count(p) for p in ((True, False), (False, True), (False, False)))
    print(f"{name:<10} precision {both / (both + ours):.3f}, recall {both / (both + theirs):.3f}, accuracy "
          f"{(both + neither) / len(pairs):.3f} ({both} both, {ours} ours, {theirs} theirs, {neither} neither)")


def negex():
    spec = importlib.util.spec_from_file_location("negex", os.path.join(folder, "negex.python", "negex.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with open(os.path.join(folder, "negex.python", "negex_triggers.txt")) as file:
        rules = module.sortRules(file.readlines())
    start = time.process_time()
    said = [module.negTagger(sentence=r[3], phrases=[r[2]], rules=rules, negP=False).getNegationFlag() == "negated"
            for r in rows]
    took = time.process_time() - start
    print("negated, negex.py:")
    for name, first in (("odd", 0), ("even", 1)):
        show(name, [(s, r[4] == "Negated") for s, r in list(zip(said, rows))[first::2]])
    print(f"negex.py: {1e-6 * sum(len(r[3]) + 1 for r in rows) / took:.2f} MB/s")


def hashing():
    try:
        from sklearn.feature_extraction.text import HashingVectorizer
    except ImportError:
        print("scikit-learn is not there")
        return
    text = "\n".join(r[3] for r in rows)
    vectorizer = HashingVectorizer(n_features=256, ngram_range=(1, 2))
    took = []
    for _ in range(5):
        start = time.process_time()
        vectorizer.transform([text])
        took.append(time.process_time() - start)
    print(f"scikit-learn, HashingVectorizer of words and pairs: {1e-6 * len(text) / sorted(took)[2]:.1f} MB/s")


negex()
hashing()
