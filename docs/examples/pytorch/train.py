"""Read handwritten digits: a small network in plain PyTorch on the digits data set."""

import json
import os

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

params = {"hidden": 64, "lr": 0.003, "batch_size": 64, "epochs": 15, "seed": 7}
torch.manual_seed(params["seed"])

digits = load_digits()
X_train, X_val, y_train, y_val = (
    torch.tensor(part) for part in train_test_split(
        (digits.data / 16).astype("float32"), digits.target, test_size=0.25, random_state=params["seed"]
    )
)
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(X_train, y_train), batch_size=params["batch_size"], shuffle=True
)
model = nn.Sequential(nn.Linear(64, params["hidden"]), nn.ReLU(), nn.Linear(params["hidden"], 10))
optimizer = torch.optim.Adam(model.parameters(), lr=params["lr"])
loss_of = nn.CrossEntropyLoss()

# Autolog captures nothing from your own training loop. Each line written here becomes a point in MLflow within seconds.
with open(os.environ.get("MLOPS_METRICS", "metrics.jsonl"), "a", encoding="utf-8", buffering=1) as metrics:
    for epoch in range(params["epochs"]):
        for X, y in loader:
            optimizer.zero_grad()
            loss = loss_of(model(X), y)
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            scores = model(X_val)
            point = {
                "train_loss": loss.item(),
                "val_loss": loss_of(scores, y_val).item(),
                "val_accuracy": (scores.argmax(1) == y_val).float().mean().item(),
            }
        metrics.write(json.dumps({**point, "step": epoch}) + "\n")

torch.save(model.state_dict(), "model.pt")
with open(os.environ.get("MLOPS_RESULT", "result.json"), "w", encoding="utf-8") as result:
    json.dump({"params": params, "artifacts": "model.pt"}, result)

print(f"validation accuracy {point['val_accuracy']:.4f}")
