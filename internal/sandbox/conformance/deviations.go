package main

var deviations []deviation
