"""Read handwritten digits: a small network in Keras on the digits data set."""

import json
import os

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(7)
digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    (digits.data / 16).astype("float32"), digits.target, test_size=0.25, random_state=7
)

model = keras.Sequential([
    keras.layers.Input((64,)),
    keras.layers.Dense(64, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])

# Autolog tracks the parameters of fit and of the optimizer, loss and metrics after each epoch, and the model.
model.fit(X_train, y_train, validation_split=0.2, epochs=15, batch_size=64, verbose=2)

# The result file adds what autolog cannot know: the score on data the model has not seen.
_, accuracy = model.evaluate(X_test, y_test, verbose=0)
with open(os.environ.get("MLOPS_RESULT", "result.json"), "w", encoding="utf-8") as result:
    json.dump({"metrics": {"test_accuracy": accuracy}}, result)

print(f"test accuracy {accuracy:.4f}")
