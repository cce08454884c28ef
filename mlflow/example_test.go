package mlflow_test

import (
	"fmt"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func ExampleTruncate() {
	value, cut := mlflow.Truncate("größe=12", 5)
	fmt.Println(value, cut)
	// Output: größe true
}

func ExampleRedactURI() {
	fmt.Println(mlflow.RedactURI("https://ci:hunter2@mlflow.example.com/team"))
	fmt.Println(mlflow.RedactURI("postgresql://db.example.com/mlflow?user=ci&password=hunter2"))
	fmt.Println(mlflow.RedactURI("sqlite:///mlflow.db"))
	// Output:
	// https://ci:***@mlflow.example.com/team
	// postgresql://db.example.com/mlflow?***
	// sqlite:///mlflow.db
}

func ExampleCheckKey() {
	fmt.Println(mlflow.CheckKey("val/auc"))
	fmt.Println(mlflow.CheckKey("loss (mean)"))
	fmt.Println(mlflow.CheckKey("../loss"))
	// Output:
	// <nil>
	// key "loss (mean)" contains '('; letters, digits and "_-. /:" are allowed
	// key "../loss" is not a plain path
}

func ExampleSplit() {
	var b mlflow.Batch
	for step := range int64(2500) {
		b.Metrics = append(b.Metrics, mlflow.Metric{Key: "loss", Value: 1 / float64(step+1), Step: step})
	}
	for _, part := range mlflow.Split(b) {
		fmt.Println(len(part.Metrics), "points from step", part.Metrics[0].Step)
	}
	// Output:
	// 1000 points from step 0
	// 1000 points from step 1000
	// 500 points from step 2000
}

func ExampleJoinLocation() {
	fmt.Println(mlflow.JoinLocation("s3://bucket/1/abc/artifacts", "model", "MLmodel"))
	// Output: s3://bucket/1/abc/artifacts/model/MLmodel
}
