"""Read handwritten digits: a small network in PyTorch Lightning on the digits data set."""

import lightning as L
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Digits(L.LightningModule):
    def __init__(self, hidden: int = 64, lr: float = 0.003):
        super().__init__()
        self.save_hyperparameters()
        self.network = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def training_step(self, batch, _):
        X, y = batch
        loss = nn.functional.cross_entropy(self.network(X), y)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, _):
        X, y = batch
        scores = self.network(X)
        self.log("val_loss", nn.functional.cross_entropy(scores, y))
        self.log("val_accuracy", (scores.argmax(1) == y).float().mean())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


L.seed_everything(7)
digits = load_digits()
X_train, X_val, y_train, y_val = (
    torch.tensor(part) for part in train_test_split(
        (digits.data / 16).astype("float32"), digits.target, test_size=0.25, random_state=7
    )
)

# Autolog tracks the optimizer's parameters, everything that is passed to self.log, and the model.
trainer = L.Trainer(max_epochs=10, logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer.fit(
    Digits(),
    DataLoader(TensorDataset(X_train, y_train), batch_size=64, shuffle=True),
    DataLoader(TensorDataset(X_val, y_val), batch_size=256),
)

print(f"validation accuracy {trainer.callback_metrics['val_accuracy']:.4f}")
